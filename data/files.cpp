#include "data/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "data/error.h"
#include "data/output_name.h"
#include "data/temporary_path.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_link(const fs::path& file) {
  fail<DataError>(
      "{}: is a symbolic link; attnzoo follows no links in folders of its own, since they may lead to other files of yours: replace it "
      "with "
      "what it points to, or remove it",
      file.string());
}

// Hands the whole content to `take` in pieces.
template <class Take>
void read_in_pieces(const fs::path& file, Links links, Take take) {
  const Stream stream = open_regular_file(file, links);
  std::vector<char> buffer(size_t{1} << 18);
  size_t num_read;
  while ((num_read = std::fread(buffer.data(), 1, buffer.size(), stream.get())) > 0) take(buffer.data(), num_read);
  if (std::ferror(stream.get())) fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(errno));
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

// The name at the end of a chain of links. /dev/stdout and its kin lead to /proc, to an open file rather than to a name, and stay.
fs::path followed(const fs::path& file) {
  constexpr int kMaxLinks = 40;
  std::error_code error;
  fs::path name = file;
  for (int i = 0; i < kMaxLinks && fs::is_symlink(name, error); ++i) {
    if (fs::weakly_canonical(folder_of(name), error).native().starts_with("/proc/")) return file;
    const fs::path target = fs::read_symlink(name, error);
    name = target.is_absolute() ? target : name.parent_path() / target;
  }
  return name;
}

}  // namespace

Stream open_regular_file(const fs::path& file, Links links) {
  // Opening a pipe would wait for its writer.
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == Links::kRefuse ? O_NOFOLLOW : 0));
  if (handle < 0) {
    const int error = errno;
    if (error == ELOOP && links == Links::kRefuse) fail_link(file);
    if (error == ENOENT || error == ENOTDIR) {
      std::error_code ignored;
      const auto here = fs::current_path(ignored);
      if (file.is_relative()) fail<DataError>("{}: no such file (looked for in {})", file.string(), here.string());
      fail<DataError>("{}: no such file", file.string());
    }
    fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(error));
  }
  Stream stream(::fdopen(handle, "rb"));
  struct stat status {};
  if (::fstat(handle, &status) != 0) fail<DataError>("{}: cannot be read: {}", file.string(), std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail<DataError>("{}: is a directory; a file is needed", file.string());
  if (!S_ISREG(status.st_mode)) fail<DataError>("{}: is a pipe or a device; a regular file is needed", file.string());
  return stream;
}

std::string read_file(const fs::path& file, uint64_t max_bytes, Links links) {
  std::string content;
  read_in_pieces(file, links, [&](const char* bytes, size_t num_bytes) {
    if (content.size() + num_bytes > max_bytes)
      fail<DataError>("{}: is longer than {} bytes, the most that is read here", file.string(), max_bytes);
    content.append(bytes, num_bytes);
  });
  return content;
}

void write_file(const fs::path& file, std::string_view content, Links links) {
  AtomicFile out(file, links);
  out.write(content);
  out.commit();
}

void fail_to_write(const fs::path& file, int error) {
  const char* advice = error == ENOSPC || error == EDQUOT ? "; free some space there or choose another place" : "";
  fail<DataError>("{}: cannot be written: {}{}", file.string(), std::strerror(error), advice);
}

AtomicFile::AtomicFile(fs::path file, Links links) : file_(std::move(file)) {
  std::error_code ignored;
  if (fs::is_symlink(file_, ignored)) {
    if (links == Links::kRefuse) fail_link(file_);
    file_ = followed(file_);
  }
  struct stat status {};
  const bool exists = ::stat(file_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail<DataError>("{}: is a directory; a file name is needed", file_.string());
  const bool replace = !fs::is_symlink(file_, ignored) && (!exists || S_ISREG(status.st_mode));
  int handle = -1;
  if (replace) name_ = std::make_unique<OutputName>(file_);
  try {
    if (replace) {
      temporary_ = std::make_unique<TemporaryPath>(file_.parent_path(), TemporaryPath::Kind::kFile);
      handle = temporary_->take_handle();
      if (exists) ::fchmod(handle, status.st_mode & 0777);
    } else {
      handle = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | (S_ISREG(status.st_mode) ? O_APPEND : 0));
      if (handle < 0) fail_to_write(file_, errno);
    }
  } catch (const std::system_error& error) {
    const auto folder = file_.parent_path();
    if (error.code().value() == ENOENT && !folder.empty() && !fs::exists(folder, ignored))
      fail<DataError>("{}: cannot be written: the folder {} does not exist", file_.string(), folder.string());
    fail_to_write(file_, error.code().value());
  }
  stream_.reset(::fdopen(handle, "wb"));
}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(const void* bytes, size_t num_bytes) {
  if (std::fwrite(bytes, 1, num_bytes, stream_.get()) != num_bytes) fail_to_write(file_, errno);
  size_ += num_bytes;
}

void AtomicFile::write_at(uint64_t offset, const void* bytes, size_t num_bytes) {
  if (offset + num_bytes > size_) fail<DataError>("{}: write_at past the end ({} + {} > {})", file_.string(), offset, num_bytes, size_);
  std::FILE* const stream = stream_.get();
  const bool written = fseeko(stream, static_cast<off_t>(offset), SEEK_SET) == 0 && std::fwrite(bytes, 1, num_bytes, stream) == num_bytes &&
                       fseeko(stream, 0, SEEK_END) == 0;
  if (!written) fail_to_write(file_, errno);
}

void AtomicFile::commit() {
  if (std::fflush(stream_.get()) != 0 || (temporary_ && ::fsync(::fileno(stream_.get())) != 0)) fail_to_write(file_, errno);
  if (std::fclose(stream_.release()) != 0) fail_to_write(file_, errno);
  if (!temporary_) return;
  if (std::rename(temporary_->path().c_str(), file_.c_str()) != 0) fail_to_write(file_, errno);
  temporary_->release();
  sync_directory(file_.parent_path());
}

void refuse_input_as_output(const std::string& option, const fs::path& output, const std::vector<fs::path>& inputs) {
  struct stat out {
  }, in{};
  if (::stat(output.c_str(), &out) != 0 || !S_ISREG(out.st_mode)) return;
  for (const fs::path& input : inputs) {
    const bool known = input == "-" ? ::fstat(STDIN_FILENO, &in) == 0 : ::stat(input.c_str(), &in) == 0;
    if (known && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
      fail<ConfigError>("{} {}: this is the file that is read ({}); choose another name", option, output.string(),
                        input == "-" ? "standard input" : input.string());
  }
}

uint32_t crc32_of(const void* bytes, size_t num_bytes, uint32_t crc) {
  return static_cast<uint32_t>(::crc32_z(crc, static_cast<const Bytef*>(bytes), num_bytes));
}

uint32_t crc32_of_file(const fs::path& file) {
  uint32_t crc = 0;
  read_in_pieces(file, Links::kFollow, [&](const char* bytes, size_t num_bytes) { crc = crc32_of(bytes, num_bytes, crc); });
  return crc;
}

void sync_directory(const fs::path& directory) {
  const int handle = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // Some folders may be written and not read, and some file systems have no fsync of a directory; nothing more can be done there.
  if (handle < 0 && errno == EACCES) return;
  if (handle < 0) fail<DataError>("{}: cannot be opened: {}", directory.string(), std::strerror(errno));
  const int error = ::fsync(handle) == 0 ? 0 : errno;
  ::close(handle);
  if (error != 0 && error != EINVAL && error != ENOTSUP)
    fail<DataError>("{}: cannot be synced: {}", directory.string(), std::strerror(error));
}

}  // namespace attnzoo
