#include "data/corpus_writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <system_error>
#include <vector>

#include "data/corpus_format.h"
#include "data/error.h"
#include "data/files.h"
#include "data/temporary_path.h"

namespace attnzoo {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 18;

// Holds the table of pairs until it can follow the ids: in a file beside the corpus that has no name any more, so that memory does not
// grow with the number of pairs and a killed program leaves nothing behind.
class TableSpool {
 public:
  explicit TableSpool(const std::filesystem::path& corpus) : corpus_(corpus) {
    try {
      TemporaryPath file(corpus.parent_path(), TemporaryPath::Kind::kFile);
      stream_.reset(::fdopen(file.take_handle(), "w+b"));
    } catch (const std::system_error& error) {
      fail_to_write(corpus_, error.code().value());
    }
  }

  void add(const CorpusEntry& entry) {
    if (std::fwrite(&entry, sizeof entry, 1, stream_.get()) != 1) fail_to_write(corpus_, errno);
  }

  // Appends the table to `out`; returns its CRC-32.
  uint32_t append_to(AtomicFile& out) {
    std::FILE* const stream = stream_.get();
    if (std::fflush(stream) != 0 || std::fseek(stream, 0, SEEK_SET) != 0) fail_to_write(corpus_, errno);
    std::vector<char> buffer(kCopyBytes);
    uint32_t crc = 0;
    size_t num_read;
    while ((num_read = std::fread(buffer.data(), 1, buffer.size(), stream)) > 0) {
      crc = crc32_of(buffer.data(), num_read, crc);
      out.write(buffer.data(), num_read);
    }
    if (std::ferror(stream)) fail_to_write(corpus_, errno);
    return crc;
  }

 private:
  std::filesystem::path corpus_;
  Stream stream_;
};

}  // namespace

struct CorpusWriter::Impl {
  Impl(const std::filesystem::path& name, const std::string& digest, bool labels) : file(name, Links::kRefuse), table(name) {
    if (digest.size() > kCorpusDigestBytes)
      fail<DataError>("{}: a digest of {} bytes does not fit; at most {}", name.string(), digest.size(), kCorpusDigestBytes);
    std::memcpy(header.magic, kCorpusMagic, sizeof header.magic);
    header.format = kCorpusFormat;
    header.header_bytes = sizeof header;
    header.flags = labels ? kCorpusLabels : 0;
    std::memcpy(header.digest, digest.data(), digest.size());
    // A place for the header, which is known only at the end. Until then the file is no corpus: its magic is missing.
    const CorpusHeader nothing{};
    file.write(&nothing, sizeof nothing);
  }

  void write_ids(const void* bytes, size_t num_bytes) {
    header.ids_crc = crc32_of(bytes, num_bytes, header.ids_crc);
    file.write(bytes, num_bytes);
  }

  AtomicFile file;
  TableSpool table;
  CorpusHeader header{};
};

CorpusWriter::CorpusWriter(const std::filesystem::path& file, const std::string& digest, bool labels)
    : impl_(std::make_unique<Impl>(file, digest, labels)) {}

CorpusWriter::~CorpusWriter() = default;

void CorpusWriter::add(std::span<const int32_t> source, std::span<const int32_t> target, int64_t line) {
  constexpr size_t kMaxIds = std::numeric_limits<int32_t>::max();
  if (source.size() > kMaxIds || target.size() > kMaxIds)
    fail<DataError>("line {}: a side of {} tokens; at most {} fit into a corpus", line, std::max(source.size(), target.size()), kMaxIds);
  CorpusHeader& header = impl_->header;
  impl_->table.add(
      {header.num_source_ids + header.num_target_ids, static_cast<uint32_t>(source.size()), static_cast<uint32_t>(target.size()), line});
  if (!source.empty()) impl_->write_ids(source.data(), source.size_bytes());
  if (!target.empty()) impl_->write_ids(target.data(), target.size_bytes());
  header.num_source_ids += source.size();
  header.num_target_ids += target.size();
  ++header.num_pairs;
}

void CorpusWriter::commit() {
  CorpusHeader& header = impl_->header;
  const char zeros[alignof(CorpusEntry)] = {};
  impl_->write_ids(zeros, (alignof(CorpusEntry) - impl_->file.size() % alignof(CorpusEntry)) % alignof(CorpusEntry));
  header.table_offset = impl_->file.size();
  header.table_crc = impl_->table.append_to(impl_->file);
  header.file_bytes = impl_->file.size();
  header.header_crc = crc32_of(&header, offsetof(CorpusHeader, header_crc));
  impl_->file.write_at(0, &header, sizeof header);
  impl_->file.commit();
}

}  // namespace attnzoo
