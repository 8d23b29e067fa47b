#include "data/atomic_directory.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

const Replaceable kModels = {[](const fs::path&) { return Names{"model", "list"}; }};

void make_model(const fs::path& directory, const Replaceable& replaceable, const std::string& content) {
  AtomicDirectory made(directory, replaceable);
  write_file(made.path() / "model", content);
  made.commit();
}

std::string replace_problem(const fs::path& directory, const Replaceable& replaceable) {
  try {
    make_model(directory, replaceable, "new");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// From now on this process finds that renameat2 fails so, as on a file system without exchange.
bool let_renameat2_fail(int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {4, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// The exit status of a child in which renameat2 fails: 0 when the folder was replaced, 1 when it was refused, 2 without seccomp.
int replace_without_exchange(const fs::path& directory, int error) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(!let_renameat2_fail(error) ? 2 : replace_problem(directory, kModels).empty() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a folder appears whole, in folders that are made for it, and nothing is left without a commit") {
  const TemporaryDirectory folder;
  {
    AtomicDirectory made(folder / "a/b/out", {});
    write_file(made.path() / "model", "x");
    CHECK_FALSE(fs::exists(folder / "a/b/out"));
  }
  CHECK(names_in(folder.path()).empty());
  make_model(folder / "a/b/out/", {}, "x");
  CHECK(read_file(folder / "a/b/out/model") == "x");
  CHECK(names_in(folder / "a/b") == Names{"out"});
}

TEST_CASE("a folder with a file of the user's is refused, and every file stays") {
  const TemporaryDirectory folder;
  folder.file("photos/sunset.jpg", "red");
  folder.file("photos/model", "a name that exports have too");
  const fs::path photos = folder / "photos";
  CHECK(replace_problem(photos, kModels) ==
        photos.string() + ": is neither empty nor an unchanged export of this kind (it holds sunset.jpg); name a new folder");
  CHECK(replace_problem(photos, {}) ==
        photos.string() + ": is neither empty nor an unchanged export of this kind (it holds model); name a new folder");
  CHECK(read_file(photos / "sunset.jpg") == "red");
  CHECK(names_in(folder.path()) == Names{"photos"});
}

TEST_CASE("what is no folder of its own is refused: files, links, the working folder and those above it") {
  const TemporaryDirectory folder;
  folder.file("file", "x");
  fs::create_directory(folder / "empty");
  fs::create_directory_symlink("empty", folder / "link");
  fs::create_symlink("nowhere", folder / "dangling");
  CHECK(replace_problem(folder / "file", kModels) == (folder / "file").string() + ": is a file; the name of a new folder is needed");
  for (const char* name : {"link", "link/", "dangling"})
    CHECK_THAT(replace_problem(folder / name, kModels),
               ContainsSubstring(": is a symbolic link, which is not replaced; name the folder itself or a new one"));
  const fs::path before = fs::current_path();
  fs::create_directories(folder / "empty/inner");
  fs::current_path(folder / "empty/inner");
  for (const char* name : {".", "./", "..", "../..", "/", "../../empty", "../inner"})
    CHECK_THAT(replace_problem(name, kModels),
               ContainsSubstring(": is the working folder or one above it, which is not replaced; name a new folder"));
  fs::current_path(before);
  CHECK(names_in(folder.path()) == Names{"dangling", "empty", "file", "link"});
}

TEST_CASE("an empty folder and one with own files alone are replaced, and a neighbour NAME.tmp is left alone") {
  const TemporaryDirectory folder;
  folder.file("out.tmp/mine", "x");
  fs::create_directory(folder / "out");
  make_model(folder / "out", {}, "first");
  folder.file("out/list", "of files");
  make_model(folder / "out", kModels, "second");
  CHECK(read_file(folder / "out/model") == "second");
  CHECK(names_in(folder / "out") == Names{"model"});
  CHECK(read_file(folder / "out.tmp/mine") == "x");
  CHECK(names_in(folder.path()) == Names{"out", "out.tmp"});
}

TEST_CASE("files of others move into the new folder where that is asked for") {
  const TemporaryDirectory folder;
  const Replaceable keeping = {kModels.own_files, true};
  make_model(folder / "out", keeping, "first");
  folder.file("out/notes.txt", "mine");
  folder.file("out/plots/loss.png", "mine");
  make_model(folder / "out", keeping, "second");
  CHECK(read_file(folder / "out/model") == "second");
  CHECK(read_file(folder / "out/notes.txt") == "mine");
  CHECK(read_file(folder / "out/plots/loss.png") == "mine");
  CHECK(names_in(folder.path()) == Names{"out"});
}

TEST_CASE("what the user puts there while the files are made is found at the end") {
  const TemporaryDirectory folder;
  AtomicDirectory made(folder / "out", kModels);
  folder.file("out/thesis.txt", "mine");
  CHECK_THROWS_WITH(made.commit(), ContainsSubstring("(it holds thesis.txt)"));
  CHECK(read_file(folder / "out/thesis.txt") == "mine");
}

TEST_CASE("a file system without exchange replaces in two steps, and any other failure changes nothing") {
  const TemporaryDirectory folder;
  make_model(folder / "out", {}, "old");
  if (const int status = replace_without_exchange(folder / "out", EACCES); status == 2) {
    WARN("skipped: no seccomp filters here");
    return;
  } else {
    CHECK(status == 1);
  }
  CHECK(read_file(folder / "out/model") == "old");
  for (const int error : {EINVAL, ENOSYS}) {
    CHECK(replace_without_exchange(folder / "out", error) == 0);
    CHECK(read_file(folder / "out/model") == "new");
  }
  CHECK(names_in(folder.path()) == Names{"out"});
}

}  // namespace attnzoo::test
