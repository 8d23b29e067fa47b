#include "data/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "data/error.h"

namespace attnzoo {
namespace {

constexpr std::string_view kOwnerMark = "attnzoo: ";

std::string this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

std::string content_of(int handle) {
  std::array<char, 512> content{};
  const ssize_t num_read = ::pread(handle, content.data(), content.size(), 0);
  return {content.data(), static_cast<size_t>(std::max<ssize_t>(num_read, 0))};
}

// "attnzoo: process 12 on host\n", all of it.
bool is_lock(const std::string& content) {
  constexpr std::string_view kProcess = "process ";
  if (!content.starts_with(kOwnerMark) || !content.ends_with('\n')) return false;
  const auto owner = std::string_view(content).substr(kOwnerMark.size());
  const auto digits_end = owner.find_first_not_of("0123456789", kProcess.size());
  return owner.starts_with(kProcess) && digits_end != owner.npos && digits_end > kProcess.size() &&
         owner.substr(digits_end).starts_with(" on ") && owner.find('\n') == owner.size() - 1;
}

std::string owner_in(const std::string& content) {
  if (!content.starts_with(kOwnerMark)) return "another process";
  return content.substr(kOwnerMark.size(), content.find('\n') - kOwnerMark.size());
}

// Whether the open file is the one that stands under `file`: the last owner may have removed it.
bool still_stands(int handle, const std::filesystem::path& file) {
  struct stat opened {
  }, standing{};
  return ::fstat(handle, &opened) == 0 && ::lstat(file.c_str(), &standing) == 0 && opened.st_dev == standing.st_dev &&
         opened.st_ino == standing.st_ino;
}

}  // namespace

void FolderLock::open(const std::string& advice) {
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  handle_ = ::open(file_.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
  if (handle_ >= 0) return;
  if (errno == EEXIST) handle_ = ::open(file_.c_str(), kFlags);
  if (handle_ < 0 && errno == ENOENT && std::filesystem::is_directory(file_.parent_path()))
    return open(advice);  // its owner removed it just now
  if (handle_ < 0) {
    const int error = errno;
    if (error == ELOOP) fail<DataError>("{}: is a symbolic link; remove it, or {}", file_.string(), advice);
    fail<DataError>("{}: cannot be written: {}; {}", file_.parent_path().string(), std::strerror(error), advice);
  }
  struct stat status {};
  const bool regular = ::fstat(handle_, &status) == 0 && S_ISREG(status.st_mode);
  // An empty one may be new, its owner about to write its name.
  for (int attempt = 0; regular && attempt < 50; ++attempt) {
    const auto content = content_of(handle_);
    if (is_lock(content)) return;
    if (!content.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::close(handle_);
  fail<DataError>("{}: is not a lock of attnzoo; {}", file_.string(), advice);
}

FolderLock::FolderLock(std::filesystem::path file, const std::string& advice, const Busy& busy) : file_(std::move(file)) {
  const auto folder = file_.parent_path();
  try {
    made_folders_ = std::make_unique<MadeFolders>(folder);
  } catch (const std::system_error& error) {
    fail<DataError>("{}: the folder cannot be made: {}; {}", folder.string(), error.code().message(), advice);
  }
  bool told = false;
  while (true) {
    open(advice);
    if (::flock(handle_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      try {
        if (!std::exchange(told, true)) busy(owner_in(content_of(handle_)));
      } catch (...) {
        ::close(handle_);
        throw;
      }
      while (::flock(handle_, LOCK_EX) != 0 && errno == EINTR) {
      }
    }
    if (still_stands(handle_, file_)) break;
    ::close(handle_);
  }
  const std::string content = fmt::format("{}{}\n", kOwnerMark, this_process());
  // A lock without a name, on a full disk, still is one.
  if (::ftruncate(handle_, 0) == 0) std::ignore = ::pwrite(handle_, content.data(), content.size(), 0);
}

FolderLock::~FolderLock() {
  if (still_stands(handle_, file_)) ::unlink(file_.c_str());
  ::close(handle_);
}

}  // namespace attnzoo
