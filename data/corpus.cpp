#include "data/corpus.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "data/corpus_format.h"
#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

// How much of the file is resident while its checksums are compared.
constexpr size_t kVerifyBytes = size_t{8} << 20;

// A whole file, mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file) {
    // Without O_NONBLOCK the open of a pipe waits for a writer that may never come.
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (handle < 0) {
      if (errno == ENOENT || errno == ENOTDIR) fail<DataError>("{}: no such file", file.string());
      fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(errno));
    }
    struct stat status {};
    const bool known = ::fstat(handle, &status) == 0;
    const bool regular = known && S_ISREG(status.st_mode);
    size_ = regular ? static_cast<size_t>(status.st_size) : 0;
    void* const bytes = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, handle, 0) : nullptr;
    const int error = errno;
    ::close(handle);
    if (known && S_ISDIR(status.st_mode)) fail<DataError>("{}: is a directory; a file is needed", file.string());
    if (!regular) fail<DataError>("{}: is not a regular file; a prepared corpus is needed", file.string());
    if (bytes == MAP_FAILED) fail<DataError>("{}: cannot be mapped: {}", file.string(), std::strerror(error));
    bytes_ = static_cast<const char*>(bytes);
  }
  ~MappedFile() {
    if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const char* bytes() const { return bytes_; }
  size_t size() const { return size_; }
  void advise(int advice) const {
    if (bytes_ != nullptr) ::madvise(const_cast<char*>(bytes_), size_, advice);
  }
  // Returns the pages of bytes [begin, end) to the system, which rereads them on demand: nobody can write to this mapping.
  void release(size_t begin, size_t end) const {
    static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    begin -= begin % page;
    ::madvise(const_cast<char*>(bytes_) + begin, end - begin, MADV_DONTNEED);
  }

 private:
  const char* bytes_ = nullptr;
  size_t size_ = 0;
};

class MappedCorpus : public Corpus {
 public:
  explicit MappedCorpus(const std::filesystem::path& file) : name_(file.string()), file_(file) {
    file_.advise(MADV_SEQUENTIAL);
    verify_header();
    ids_ = reinterpret_cast<const int32_t*>(file_.bytes() + sizeof(CorpusHeader));
    table_ = reinterpret_cast<const CorpusEntry*>(file_.bytes() + header_.table_offset);
    verify_part("ids", sizeof(CorpusHeader), header_.table_offset, header_.ids_crc);
    verify_part("table of pairs", header_.table_offset, header_.file_bytes, header_.table_crc);
    verify_table();
    // Training visits pairs in random order: pages read ahead would be thrown away.
    file_.advise(MADV_RANDOM);
    release_memory();
  }

  int64_t num_pairs() const override { return static_cast<int64_t>(header_.num_pairs); }
  std::span<const int32_t> source(int64_t pair) const override {
    const CorpusEntry& entry = table_[pair];
    return {ids_ + entry.first_id, entry.num_source_ids};
  }
  std::span<const int32_t> target(int64_t pair) const override {
    const CorpusEntry& entry = table_[pair];
    return {ids_ + entry.first_id + entry.num_source_ids, entry.num_target_ids};
  }
  int64_t line(int64_t pair) const override { return table_[pair].line; }
  int64_t num_source_tokens() const override { return static_cast<int64_t>(header_.num_source_ids); }
  int64_t num_target_tokens() const override { return static_cast<int64_t>(header_.num_target_ids); }
  bool has_labels() const override { return (header_.flags & kCorpusLabels) != 0; }
  std::string digest() const override { return {header_.digest, ::strnlen(header_.digest, kCorpusDigestBytes)}; }
  std::string name() const override { return name_; }
  void release_memory() const override { file_.release(0, file_.size()); }

 private:
  void verify_header() {
    if (file_.size() == 0) fail<DataError>("{}: is empty; a prepared corpus is needed: prepare it again", name_);
    // A writer that was killed leaves its zeros under a temporary name, so a file without the magic is of another kind.
    if (file_.size() < sizeof header_.magic || std::memcmp(file_.bytes(), kCorpusMagic, sizeof header_.magic) != 0)
      fail<DataError>("{}: is not a prepared corpus (it does not begin with {}); make one with attnzoo-data prepare", name_, kCorpusMagic);
    if (file_.size() < sizeof header_)
      fail<DataError>("{}: truncated: {} bytes, the header alone has {}; prepare it again", name_, file_.size(), sizeof header_);
    std::memcpy(&header_, file_.bytes(), sizeof header_);
    if (header_.format > kCorpusFormat)
      fail<DataError>("{}: has format {}; this program reads formats up to {}: prepare it again or use a newer attnzoo", name_,
                      header_.format, kCorpusFormat);
    if (crc32_of(&header_, offsetof(CorpusHeader, header_crc)) != header_.header_crc)
      fail<DataError>("{}: damaged: the header does not match its checksum; prepare it again", name_);
    if (!has_consistent_sizes()) fail<DataError>("{}: damaged: the sizes in the header contradict each other; prepare it again", name_);
    if (file_.size() != header_.file_bytes)
      fail<DataError>("{}: {}: {} bytes, its header says {}; prepare it again", name_,
                      file_.size() < header_.file_bytes ? "truncated" : "damaged", file_.size(), header_.file_bytes);
  }

  // Compared as quotients: the header may hold anything, and products would overflow.
  bool has_consistent_sizes() const {
    const auto& h = header_;
    if (h.format != kCorpusFormat || h.header_bytes != sizeof h || (h.flags & ~kCorpusLabels) != 0) return false;
    if (h.table_offset < sizeof h || h.table_offset > h.file_bytes || h.table_offset % alignof(CorpusEntry) != 0) return false;
    const uint64_t max_ids = (h.table_offset - sizeof h) / sizeof(int32_t), table_bytes = h.file_bytes - h.table_offset;
    return h.num_source_ids <= max_ids && h.num_target_ids <= max_ids - h.num_source_ids && table_bytes % sizeof(CorpusEntry) == 0 &&
           table_bytes / sizeof(CorpusEntry) == h.num_pairs;
  }

  void verify_part(const char* part, size_t begin, size_t end, uint32_t expected) const {
    uint32_t crc = 0;
    for (size_t i = begin; i < end; i += kVerifyBytes) {
      const size_t num_bytes = std::min(kVerifyBytes, end - i);
      crc = crc32_of(file_.bytes() + i, num_bytes, crc);
      file_.release(i, i + num_bytes);
    }
    if (crc != expected)
      fail<DataError>("{}: damaged: the checksum of the {} is {:08x}, the header says {:08x}; prepare it again", name_, part, crc,
                      expected);
  }

  // Every pair must lie inside the ids; checked once here, so that no access has to.
  void verify_table() const {
    uint64_t num_source_ids = 0, num_target_ids = 0;
    constexpr uint64_t kStep = kVerifyBytes / sizeof(CorpusEntry);
    for (uint64_t pair = 0; pair < header_.num_pairs; ++pair) {
      const CorpusEntry& entry = table_[pair];
      if (entry.first_id != num_source_ids + num_target_ids)
        fail<DataError>("{}: damaged: pair {} begins at id {}, not {}; prepare it again", name_, pair, entry.first_id,
                        num_source_ids + num_target_ids);
      num_source_ids += entry.num_source_ids;
      num_target_ids += entry.num_target_ids;
      if ((pair + 1) % kStep == 0) {
        const size_t end = header_.table_offset + (pair + 1) * sizeof(CorpusEntry);
        file_.release(end - kStep * sizeof(CorpusEntry), end);
      }
    }
    if (num_source_ids != header_.num_source_ids || num_target_ids != header_.num_target_ids)
      fail<DataError>("{}: damaged: the table counts {} and {} ids, the header {} and {}; prepare it again", name_, num_source_ids,
                      num_target_ids, header_.num_source_ids, header_.num_target_ids);
  }

  std::string name_;
  MappedFile file_;
  CorpusHeader header_{};
  const int32_t* ids_ = nullptr;
  const CorpusEntry* table_ = nullptr;
};

}  // namespace

std::shared_ptr<const Corpus> Corpus::open(const std::filesystem::path& file) { return std::make_shared<MappedCorpus>(file); }

void check_ids_within(const Corpus& corpus, const CorpusVocabulary& vocabulary) {
  for_each_pair(corpus, [&](int64_t pair) {
    const auto source = corpus.source(pair), target = corpus.target(pair);
    // Unknown words of a source may have ids of their own, at most one per token.
    const auto num_copied = vocabulary.copies ? static_cast<int64_t>(source.size()) : 0;
    const auto check = [&](const char* side, std::span<const int32_t> ids, int64_t size) {
      for (const int32_t id : ids)
        if (id < 0 || id >= size + num_copied)
          fail<DataError>("{}: the pair of line {} has id {} in its {}, whose vocabulary has {} pieces; prepare it again", corpus.name(),
                          corpus.line(pair), id, side, size);
    };
    check("source", source, vocabulary.source_size);
    check("target", target, vocabulary.target_size);
  });
}

void for_each_pair(const Corpus& corpus, const std::function<void(int64_t)>& visit) {
  // The table of this many pairs takes 24 MB.
  constexpr int64_t kReleasePairs = 1000000;
  for (int64_t pair = 0; pair < corpus.num_pairs(); ++pair) {
    visit(pair);
    if (pair % kReleasePairs == 0) corpus.release_memory();
  }
  corpus.release_memory();
}

}  // namespace attnzoo
