// Whole files: reading with good errors, writing so that no partial file ever stands under its final name.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace attnzoo {

// The content of a regular file. Throws DataError: missing, a directory, no permission.
std::string read_file(const std::filesystem::path& file);

// Writes beside `file` (name + ".tmp"), syncs to disk, renames. On any failure (disk full, no permission) the
// temporary file is removed, the old file is untouched and DataError says which and why.
void write_file(const std::filesystem::path& file, std::string_view content);

// The same for content made piece by piece. Nothing appears under the final name before commit().
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file);
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
  std::filesystem::path file_, temporary_;
  std::FILE* stream_ = nullptr;
  uint64_t size_ = 0;
};

// A directory made file by file. Nothing appears under the final name before commit(), which replaces what stood there in one step.
class AtomicDirectory {
 public:
  // Makes `directory` + ".tmp", removing what an interrupted program left there. Throws DataError.
  explicit AtomicDirectory(std::filesystem::path directory);
  ~AtomicDirectory();  // removes it unless committed
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  // Where the files are to be written until commit().
  const std::filesystem::path& path() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path directory_, temporary_;
  bool committed_ = false;
};

// CRC-32 (zlib's polynomial); continue a running value by passing it as `crc`.
uint32_t crc32_of(const void* bytes, size_t num_bytes, uint32_t crc = 0);
uint32_t crc32_of_file(const std::filesystem::path& file);

// fsync of a directory, so that a rename inside it survives a power cut.
void sync_directory(const std::filesystem::path& directory);

}  // namespace attnzoo
