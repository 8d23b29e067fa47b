// Whole files. Readers refuse what may not end. Writers work under a temporary name (data/temporary_path.h), sync and rename, so no partial
// file ever stands under its final name, and nothing of anybody else's is opened, written or removed on the way.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

class OutputName;
class TemporaryPath;

// Whether a name may be a symbolic link. Names that the user gives may be; names inside a folder that attnzoo owns may not, because
// the folder may come from somebody else and the link may point to a file of the user's.
enum class Links { kFollow, kRefuse };

struct StreamCloser {
  void operator()(std::FILE* stream) const { std::fclose(stream); }
};
using Stream = std::unique_ptr<std::FILE, StreamCloser>;

// A regular file, open for reading. Throws DataError: missing, a directory, a pipe or a device, no permission, a link.
Stream open_regular_file(const std::filesystem::path& file, Links links = Links::kFollow);

// The content of a regular file. Throws DataError as open_regular_file() does, and for a file longer than `max_bytes`.
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
std::string read_file(const std::filesystem::path& file, uint64_t max_bytes = kMaxFileBytes, Links links = Links::kFollow);

// Replaces `file` in one step. On any failure (disk full, no permission) the old file is untouched and DataError says which and why.
void write_file(const std::filesystem::path& file, std::string_view content, Links links = Links::kFollow);

// The same for content made piece by piece. Nothing appears under the final name before commit(). Through a link, the file that it points
// to is replaced; a pipe or a device (/dev/null, /dev/stdout) is written to directly.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file, Links links = Links::kFollow);
  ~AtomicFile();  // removes the temporary file unless committed
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, size_t num_bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Overwrites bytes at an offset already written (a header known only at the end).
  void write_at(uint64_t offset, const void* bytes, size_t num_bytes);
  void commit();
  uint64_t size() const { return size_; }

 private:
  std::filesystem::path file_;
  std::unique_ptr<OutputName> name_;  // null for a pipe or a device, as is the next
  std::unique_ptr<TemporaryPath> temporary_;
  Stream stream_;
  uint64_t size_ = 0;
};

// Throws ConfigError where writing `output` would replace one of `inputs`: the same regular file (by device and inode), whatever the
// names. "-" among the inputs is standard input. `option` is the output's, for the message: "--output".
void refuse_input_as_output(const std::string& option, const std::filesystem::path& output,
                            const std::vector<std::filesystem::path>& inputs);

// CRC-32 (zlib's polynomial); continue a running value by passing it as `crc`.
uint32_t crc32_of(const void* bytes, size_t num_bytes, uint32_t crc = 0);
// Of a regular file.
uint32_t crc32_of_file(const std::filesystem::path& file);

// fsync of a directory, so that a rename inside it survives a power cut. "" is the working folder.
void sync_directory(const std::filesystem::path& directory);

// Removes the temporary files and folders that this process is writing. For a signal handler that ends the process: async-signal-safe.
void remove_temporary_files() noexcept;

// DataError "FILE: cannot be written: No space left on device; free some space there or choose another place".
[[noreturn]] void fail_to_write(const std::filesystem::path& file, int error);

}  // namespace attnzoo
