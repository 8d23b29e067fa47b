#include "data/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "data/error.h"

namespace attnzoo {
namespace {

struct Closer {
  void operator()(std::FILE* stream) const { std::fclose(stream); }
};
using Stream = std::unique_ptr<std::FILE, Closer>;

Stream open_for_reading(const std::filesystem::path& file) {
  Stream stream(std::fopen(file.c_str(), "rb"));
  if (!stream) {
    if (errno == ENOENT || errno == ENOTDIR) {
      std::error_code ignored;
      const auto here = std::filesystem::current_path(ignored);
      if (file.is_relative()) fail<DataError>("{}: no such file (looked for in {})", file.string(), here.string());
      fail<DataError>("{}: no such file", file.string());
    }
    fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(errno));
  }
  struct stat status {};
  if (fstat(fileno(stream.get()), &status) == 0 && S_ISDIR(status.st_mode))
    fail<DataError>("{}: is a directory; a file is needed", file.string());
  return stream;
}

// Hands the whole content to `take` in pieces.
template <class Take>
void read_in_pieces(const std::filesystem::path& file, Take take) {
  const Stream stream = open_for_reading(file);
  std::vector<char> buffer(size_t{1} << 18);
  size_t num_read;
  while ((num_read = std::fread(buffer.data(), 1, buffer.size(), stream.get())) > 0) take(buffer.data(), num_read);
  if (std::ferror(stream.get())) fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(errno));
}

[[noreturn]] void fail_write(const std::filesystem::path& file, int error) {
  const char* advice = error == ENOSPC ? "; free some space there or choose another place" : "";
  fail<DataError>("{}: cannot be written: {}{}", file.string(), std::strerror(error), advice);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::string content;
  read_in_pieces(file, [&](const char* bytes, size_t num_bytes) { content.append(bytes, num_bytes); });
  return content;
}

void write_file(const std::filesystem::path& file, std::string_view content) {
  AtomicFile out(file);
  out.write(content);
  out.commit();
}

AtomicFile::AtomicFile(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code ignored;
  // Through a link: the file it points to is replaced, not the link.
  if (std::filesystem::is_symlink(file_, ignored)) {
    const auto target = std::filesystem::weakly_canonical(file_, ignored);
    if (!target.empty()) file_ = target;
  }
  const auto status = std::filesystem::status(file_, ignored);
  if (std::filesystem::is_directory(status)) fail<DataError>("{}: is a directory; a file name is needed", file_.string());
  // A device or a pipe (/dev/null, /dev/stdout) is written to, never replaced.
  const bool replace = !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
  temporary_ = file_;
  if (replace) temporary_ += ".tmp";
  stream_ = std::fopen(temporary_.c_str(), "wb");
  if (stream_ == nullptr) {
    const int error = errno;
    const auto folder = file_.parent_path();
    if (error == ENOENT && !folder.empty() && !std::filesystem::exists(folder, ignored))
      fail<DataError>("{}: cannot be written: the folder {} does not exist", file_.string(), folder.string());
    fail_write(file_, error);
  }
}

AtomicFile::~AtomicFile() {
  if (stream_ == nullptr) return;
  std::fclose(stream_);
  if (temporary_ != file_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, size_t num_bytes) {
  if (std::fwrite(bytes, 1, num_bytes, stream_) != num_bytes) fail_write(file_, errno);
  size_ += num_bytes;
}

void AtomicFile::write_at(uint64_t offset, const void* bytes, size_t num_bytes) {
  if (offset + num_bytes > size_) fail<DataError>("{}: write_at past the end ({} + {} > {})", file_.string(), offset, num_bytes, size_);
  const bool written = fseeko(stream_, static_cast<off_t>(offset), SEEK_SET) == 0 &&
                       std::fwrite(bytes, 1, num_bytes, stream_) == num_bytes && fseeko(stream_, 0, SEEK_END) == 0;
  if (!written) fail_write(file_, errno);
}

void AtomicFile::commit() {
  const bool replace = temporary_ != file_;
  if (std::fflush(stream_) != 0 || (replace && ::fsync(fileno(stream_)) != 0)) fail_write(file_, errno);
  std::FILE* const stream = stream_;
  stream_ = nullptr;
  if (std::fclose(stream) != 0 || (replace && std::rename(temporary_.c_str(), file_.c_str()) != 0)) {
    const int error = errno;
    if (replace) ::unlink(temporary_.c_str());
    fail_write(file_, error);
  }
  if (replace) sync_directory(file_.has_parent_path() ? file_.parent_path() : std::filesystem::path("."));
}

AtomicDirectory::AtomicDirectory(std::filesystem::path directory) : directory_(std::move(directory)) {
  if (!directory_.has_filename()) directory_ = directory_.parent_path();  // "out/"
  temporary_ = directory_.string() + ".tmp";
  try {
    std::filesystem::remove_all(temporary_);
    std::filesystem::create_directories(temporary_);
  } catch (const std::filesystem::filesystem_error& error) {
    fail_write(directory_, error.code().value());
  }
}

AtomicDirectory::~AtomicDirectory() {
  std::error_code ignored;
  if (!committed_) std::filesystem::remove_all(temporary_, ignored);
}

void AtomicDirectory::commit() {
  try {
    sync_directory(temporary_);
    if (!std::filesystem::exists(std::filesystem::symlink_status(directory_))) {
      std::filesystem::rename(temporary_, directory_);
    } else if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, directory_.c_str(), RENAME_EXCHANGE) == 0) {
      std::filesystem::remove_all(temporary_);
    } else {
      std::filesystem::remove_all(directory_);  // a file system without exchange
      std::filesystem::rename(temporary_, directory_);
    }
  } catch (const std::filesystem::filesystem_error& error) {
    fail_write(directory_, error.code().value());
  }
  committed_ = true;
  sync_directory(directory_.has_parent_path() ? directory_.parent_path() : std::filesystem::path("."));
}

uint32_t crc32_of(const void* bytes, size_t num_bytes, uint32_t crc) {
  return static_cast<uint32_t>(::crc32_z(crc, static_cast<const Bytef*>(bytes), num_bytes));
}

uint32_t crc32_of_file(const std::filesystem::path& file) {
  uint32_t crc = 0;
  read_in_pieces(file, [&](const char* bytes, size_t num_bytes) { crc = crc32_of(bytes, num_bytes, crc); });
  return crc;
}

void sync_directory(const std::filesystem::path& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) fail<DataError>("{}: cannot be opened: {}", directory.string(), std::strerror(errno));
  // Some file systems have no fsync of a directory; nothing more can be done there.
  const int error = ::fsync(handle) == 0 ? 0 : errno;
  ::close(handle);
  if (error != 0 && error != EINVAL && error != ENOTSUP)
    fail<DataError>("{}: cannot be synced: {}", directory.string(), std::strerror(error));
}

}  // namespace attnzoo
