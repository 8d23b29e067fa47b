#include "data/temporary_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "data/files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryPrefix = ".attnzoo-", kTemporarySuffix = ".tmp";
constexpr size_t kRandomDigits = 16;

// What a signal handler has to remove: a table of fixed size, because a handler may neither allocate nor lock. An entry that finds no
// place in it is removed by its destructor alone.
enum SlotState { kFreeSlot, kSlotInPreparation, kFileSlot, kDirectorySlot };
struct Slot {
  std::atomic<int> state{kFreeSlot};
  std::array<char, 4096> path{};
};
static_assert(std::atomic<int>::is_always_lock_free);
std::array<Slot, 64> slots;

int register_path(const fs::path& path, TemporaryPath::Kind kind) {
  const std::string& name = path.native();
  for (size_t i = 0; i < slots.size(); ++i) {
    int expected = kFreeSlot;
    if (name.size() >= slots[i].path.size() || !slots[i].state.compare_exchange_strong(expected, kSlotInPreparation)) continue;
    std::memcpy(slots[i].path.data(), name.c_str(), name.size() + 1);
    slots[i].state = kind == TemporaryPath::Kind::kFile ? kFileSlot : kDirectorySlot;
    return static_cast<int>(i);
  }
  return -1;
}

[[noreturn]] void throw_system_error() { throw std::system_error(errno, std::generic_category()); }

bool is_temporary_name(std::string_view name) {
  if (name.size() != kTemporaryPrefix.size() + kRandomDigits + kTemporarySuffix.size()) return false;
  if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kTemporarySuffix)) return false;
  return name.substr(kTemporaryPrefix.size(), kRandomDigits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Whether no live program works on the entry.
bool is_abandoned(const fs::path& entry) {
  const int handle = ::open(entry.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (handle < 0) return errno == ELOOP;  // a link is made and renamed in one go
  const bool abandoned = ::flock(handle, LOCK_EX | LOCK_NB) == 0;
  ::close(handle);
  return abandoned;
}

}  // namespace

fs::path new_temporary_name(const fs::path& folder) {
  std::random_device random;
  const uint64_t number = (uint64_t{random()} << 32) | random();
  return folder / fmt::format("{}{:016x}{}", kTemporaryPrefix, number, kTemporarySuffix);
}

TemporaryPath::TemporaryPath(const fs::path& folder, Kind kind) : kind_(kind) {
  do {
    path_ = new_temporary_name(folder);
    if (kind == Kind::kDirectory) {
      if (::mkdir(path_.c_str(), 0777) == 0) handle_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    } else {
      handle_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
  } while (handle_ < 0 && errno == EEXIST);
  if (handle_ < 0) throw_system_error();
  ::flock(handle_, LOCK_EX | LOCK_NB);  // where a file system has no locks, leftovers are recognised by their names alone
  slot_ = register_path(path_, kind);
}

TemporaryPath::~TemporaryPath() {
  if (!path_.empty()) {
    if (kind_ == Kind::kFile)
      ::unlink(path_.c_str());
    else
      remove_flat_directory(path_.c_str());
  }
  release();
}

int TemporaryPath::take_handle() { return std::exchange(handle_, -1); }

void TemporaryPath::release() {
  path_.clear();
  if (handle_ >= 0) ::close(handle_);
  handle_ = -1;
  if (slot_ >= 0) slots[static_cast<size_t>(slot_)].state = kFreeSlot;
  slot_ = -1;
}

bool remove_flat_directory(const char* directory) noexcept {
  const int handle = ::open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (handle >= 0) {
    // The system call itself, for opendir() allocates. Removing changes what the next call gives, so it starts again while it helps.
    struct Entry {
      uint64_t inode;
      int64_t offset;
      uint16_t size;
      uint8_t type;
      char name[1];
    };
    alignas(Entry) char buffer[4096];
    bool removed_some = true;
    while (removed_some && ::lseek(handle, 0, SEEK_SET) == 0) {
      removed_some = false;
      for (long size; (size = ::syscall(SYS_getdents64, handle, buffer, sizeof buffer)) > 0;)
        for (long begin = 0; begin < size;) {
          const auto* const entry = reinterpret_cast<const Entry*>(buffer + begin);
          const char* const name = reinterpret_cast<const char*>(entry) + offsetof(Entry, name);
          removed_some |= ::unlinkat(handle, name, 0) == 0;
          begin += entry->size;
        }
    }
    ::close(handle);
  }
  return ::rmdir(directory) == 0;
}

void remove_temporary_files() noexcept {
  for (Slot& slot : slots) {
    const int state = slot.state;
    if (state == kFileSlot) ::unlink(slot.path.data());
    if (state == kDirectorySlot) remove_flat_directory(slot.path.data());
  }
}

void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (is_temporary_name(entry->path().filename().string()) && is_abandoned(entry->path())) leftovers.push_back(entry->path());
  for (const fs::path& leftover : leftovers)
    if (::unlink(leftover.c_str()) != 0) remove_flat_directory(leftover.c_str());
}

MadeFolders::MadeFolders(const fs::path& folder) {
  std::vector<fs::path> missing;  // innermost first
  std::error_code error;
  for (fs::path part = folder.has_filename() ? folder : folder.parent_path(); !part.empty() && !fs::exists(part, error);
       part = part.parent_path())
    missing.push_back(part);
  for (; !missing.empty(); missing.pop_back()) {
    if (::mkdir(missing.back().c_str(), 0777) == 0) {
      made_.push_back(missing.back());
    } else if (errno != EEXIST) {
      const int reason = errno;
      for (; !made_.empty(); made_.pop_back()) ::rmdir(made_.back().c_str());
      throw std::system_error(reason, std::generic_category());
    }
  }
}

MadeFolders::~MadeFolders() {
  while (!made_.empty() && ::rmdir(made_.back().c_str()) == 0) made_.pop_back();
}

}  // namespace attnzoo
