#include "data/folder_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

// A process that holds a lock until it is killed.
class LockingProcess {
 public:
  explicit LockingProcess(const fs::path& folder) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ == 0) {
      const FolderLock lock(folder / "lock", "", [](const std::string&) {});
      if (::write(ends[1], "x", 1) == 1) ::pause();
      ::_exit(1);
    }
    char byte;
    if (::read(ends[0], &byte, 1) != 1) throw std::runtime_error("the child has no lock");
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~LockingProcess() { kill(); }
  pid_t id() const { return process_; }
  void kill() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    process_ = -1;
  }

 private:
  pid_t process_ = -1;
};

const FolderLock::Busy kRefuseBusy = [](const std::string& owner) { throw ConfigError(owner); };

std::string lock_problem(const fs::path& folder) {
  try {
    const FolderLock lock(folder / "lock", "choose another", kRefuseBusy);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a folder that another process has locked is refused with that process, until it ends, however it ends") {
  const TemporaryDirectory folder;
  LockingProcess other(folder.path());
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  CHECK(lock_problem(folder.path()) == "process " + std::to_string(other.id()) + " on " + host);
  other.kill();
  CHECK(fs::exists(folder / "lock"));
  CHECK(lock_problem(folder.path()).empty());
  CHECK_FALSE(fs::exists(folder / "lock"));
}

TEST_CASE("one who waits gets the lock when the other ends, and both are never inside") {
  const TemporaryDirectory folder;
  LockingProcess other(folder.path());
  int times_told = 0;
  const FolderLock lock(folder / "lock", "", [&](const std::string& owner) {
    CHECK_THAT(owner, ContainsSubstring("process " + std::to_string(other.id())));
    ++times_told;
    other.kill();
  });
  CHECK(times_told == 1);
  CHECK_THAT(lock_problem(folder.path()), ContainsSubstring("process " + std::to_string(::getpid())));
}

TEST_CASE("a lock takes the folders that it made away again, unless something was put into them") {
  const TemporaryDirectory folder;
  { const FolderLock lock(folder / "a/b/lock", "", kRefuseBusy); }
  CHECK_FALSE(fs::exists(folder / "a"));
  {
    const FolderLock lock(folder / "a/b/lock", "", kRefuseBusy);
    folder.file("a/x", "");
  }
  CHECK(fs::exists(folder / "a/x"));
  CHECK_FALSE(fs::exists(folder / "a/b"));
  fs::create_directory(folder / "mine");
  { const FolderLock lock(folder / "mine/lock", "", kRefuseBusy); }
  CHECK(fs::exists(folder / "mine"));
}

TEST_CASE("a file or a link of the user's called lock is not written") {
  const TemporaryDirectory folder;
  folder.file("a/lock", "my own");
  CHECK(lock_problem(folder / "a") == (folder / "a/lock").string() + ": is not a lock of attnzoo; choose another");
  CHECK(read_file(folder / "a/lock") == "my own");
  fs::create_directory(folder / "b");
  fs::create_symlink("../a/lock", folder / "b/lock");
  for (const char* mine : {"", "attnzoo: my to-do list", "attnzoo: process 1 on host\nand more\n"}) {
    folder.file("c/lock", mine);
    CHECK_THAT(lock_problem(folder / "c"), ContainsSubstring("lock: is not a lock of attnzoo"));
    CHECK(read_file(folder / "c/lock") == mine);
  }
  CHECK(lock_problem(folder / "b") == (folder / "b/lock").string() + ": is a symbolic link; remove it, or choose another");
  CHECK(read_file(folder / "a/lock") == "my own");
  CHECK_THAT(lock_problem("/proc/none"),
             ContainsSubstring("/proc/none: the folder cannot be made: ") && ContainsSubstring("; choose another"));
}

}  // namespace attnzoo::test
