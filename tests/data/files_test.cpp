#include "data/files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "data/error.h"
#include "data/temporary_path.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;

namespace {
size_t num_entries(const std::filesystem::path& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}
}  // namespace

TEST_CASE("a file is read back as it was written, and nothing else is left in the folder") {
  const TemporaryDirectory folder;
  const std::string content("a\0b\n\xFF", 5);
  write_file(folder / "x", content);
  CHECK(read_file(folder / "x") == content);
  write_file(folder / "x", "");
  CHECK(read_file(folder / "x").empty());
  CHECK(num_entries(folder.path()) == 1);
}

TEST_CASE("reading says what is wrong with a file") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(read_file(folder / "none"), Equals((folder / "none").string() + ": no such file"));
  CHECK_THROWS_WITH(read_file("surely/not/here"), ContainsSubstring("surely/not/here: no such file (looked for in /"));
  CHECK_THROWS_WITH(read_file(folder.path()), Equals(folder.path().string() + ": is a directory; a file is needed"));
}

TEST_CASE("what may not end or is too long is refused, not read") {
  const TemporaryDirectory folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (const std::filesystem::path& file : {folder / "pipe", std::filesystem::path("/dev/zero")}) {
    const std::string message = file.string() + ": is a pipe or a device; a regular file is needed";
    CHECK_THROWS_WITH(read_file(file), Equals(message));
    CHECK_THROWS_WITH(crc32_of_file(file), Equals(message));
  }
  const auto file = folder.file("x", "12345");
  CHECK(read_file(file, 5) == "12345");
  CHECK_THROWS_WITH(read_file(file, 4), Equals(file + ": is longer than 4 bytes, the most that is read here"));
}

TEST_CASE("a file without permission is refused by name and reason") {
  const TemporaryDirectory folder;
  const auto file = folder.file("secret", "x");
  chmod(file.c_str(), 0);
  chmod(folder.path().c_str(), 0555);
  // Root may read and write everything: become nobody for a moment.
  const bool root = geteuid() == 0;
  if (root && seteuid(65534) != 0) {
    WARN("skipped: root may read every file, and cannot become nobody here");
    return;
  }
  std::string read_message, write_message;
  try {
    read_file(file);
  } catch (const DataError& error) {
    read_message = error.what();
  }
  try {
    write_file(folder / "new", "x");
  } catch (const DataError& error) {
    write_message = error.what();
  }
  if (root) REQUIRE(seteuid(0) == 0);
  chmod(folder.path().c_str(), 0755);
  CHECK(read_message == file + ": cannot be read: Permission denied");
  CHECK(write_message == (folder / "new").string() + ": cannot be written: Permission denied");
}

TEST_CASE("writing where no file can be made names the file and the reason") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(write_file(folder / "no/file", "x"), Equals((folder / "no/file").string() + ": cannot be written: the folder " +
                                                                (folder / "no").string() + " does not exist"));
  CHECK_THROWS_WITH(write_file(folder.path(), "x"), Equals(folder.path().string() + ": is a directory; a file name is needed"));
  // Not even root makes files in /proc.
  CHECK_THROWS_WITH(write_file("/proc/attnzoo-test", "x"), ContainsSubstring("/proc/attnzoo-test: cannot be written: "));
}

TEST_CASE("a full disk is said, with advice, and a device is never replaced") {
  const std::string content(100000, 'x');
  CHECK_THROWS_WITH(write_file("/dev/full", content),
                    Equals("/dev/full: cannot be written: No space left on device; free some space there or choose another place"));
  CHECK(std::filesystem::is_character_file("/dev/full"));
  CHECK_FALSE(std::filesystem::exists("/dev/full.tmp"));
  write_file("/dev/null", content);
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("when a write fails half-way the old file stays and nothing else is left") {
  const TemporaryDirectory folder;
  write_file(folder / "x", "old");
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit small = {10000, old_limit.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    write_file(folder / "x", std::string(100000, 'y'));
  } catch (const DataError& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  CHECK(message == (folder / "x").string() + ": cannot be written: File too large");
  CHECK(read_file(folder / "x") == "old");
  CHECK(num_entries(folder.path()) == 1);
}

TEST_CASE("until it is committed a new content leaves the old file alone") {
  const TemporaryDirectory folder;
  write_file(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
    CHECK(read_file(folder / "x") == "old");
  }
  CHECK(read_file(folder / "x") == "old");
  CHECK(num_entries(folder.path()) == 1);
  AtomicFile file(folder / "x");
  file.write("new");
  file.commit();
  CHECK(read_file(folder / "x") == "new");
}

TEST_CASE("a header known only at the end can be written over") {
  const TemporaryDirectory folder;
  AtomicFile file(folder / "x");
  file.write("....body");
  file.write_at(0, "head", 4);
  file.write("!");
  CHECK(file.size() == 9);
  CHECK_THROWS_WITH(file.write_at(8, "ab", 2), ContainsSubstring("write_at past the end"));
  file.commit();
  CHECK(read_file(folder / "x") == "headbody!");
}

TEST_CASE("through a link the file behind it is replaced, not the link") {
  const TemporaryDirectory folder;
  write_file(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "real") == "new");
}

TEST_CASE("a chain of links is followed, also to a file that is still to be made") {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "deep");
  std::filesystem::create_symlink("deep/second", folder / "first");
  std::filesystem::create_symlink("real", folder / "deep/second");
  write_file(folder / "first", "new");
  CHECK(read_file(folder / "deep/real") == "new");
  CHECK(std::filesystem::is_symlink(folder / "deep/second"));
  CHECK(num_entries(folder / "deep") == 2);
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK_THROWS_WITH(write_file(folder / "loop", "x"), ContainsSubstring("loop: cannot be written: Too many levels of symbolic links"));
}

TEST_CASE("in a folder of attnzoo's own a link is neither read nor written through") {
  const TemporaryDirectory folder;
  write_file(folder / "diary", "mine");
  std::filesystem::create_symlink("diary", folder / "config.json");
  const std::string message = (folder / "config.json").string() +
                              ": is a symbolic link; attnzoo follows no links in folders of its own, since they may lead to other files of "
                              "yours: replace it with what it points to, or remove it";
  CHECK_THROWS_WITH(write_file(folder / "config.json", "x", Links::kRefuse), Equals(message));
  CHECK_THROWS_WITH(read_file(folder / "config.json", kMaxFileBytes, Links::kRefuse), Equals(message));
  CHECK(read_file(folder / "diary") == "mine");
}

TEST_CASE("a file NAME.tmp of the user's is neither written nor removed, and two programs that write one name do not meet") {
  const TemporaryDirectory folder;
  folder.file("x.tmp", "mine");
  folder.file("target", "mine too");
  std::filesystem::create_symlink("target", folder / "x.pairs.tmp");
  const pid_t child = fork();
  if (child == 0) {  // waits for its parent's file to be open
    while (num_entries(folder.path()) < 4) usleep(1000);
    AtomicFile second(folder / "x");
    second.write("second");
    second.commit();
    _exit(0);
  }
  AtomicFile first(folder / "x");
  first.write("first");
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(read_file(folder / "x") == "second");
  first.commit();
  CHECK(read_file(folder / "x") == "first");
  CHECK(read_file(folder / "x.tmp") == "mine");
  CHECK(read_file(folder / "target") == "mine too");
  CHECK(num_entries(folder.path()) == 4);
}

TEST_CASE("a file that is replaced keeps its permissions") {
  const TemporaryDirectory folder;
  const auto file = folder.file("x", "old");
  chmod(file.c_str(), 0640);
  write_file(file, "new");
  CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0640));
}

TEST_CASE("/dev/stdout is written to, be it a pipe or a file, and what stands in the file stays") {
  const TemporaryDirectory folder;
  const auto file = folder.file("out", "before\n");
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const int out = open(file.c_str(), O_WRONLY | O_APPEND);
  const pid_t child = fork();
  if (child == 0) {
    try {
      dup2(out, STDOUT_FILENO);
      write_file("/dev/stdout", "to the file\n");
      dup2(pipe_ends[1], STDOUT_FILENO);
      write_file("/dev/stdout", "to the pipe\n");
      _exit(0);
    } catch (...) {
      _exit(1);
    }
  }
  close(out);
  close(pipe_ends[1]);
  char text[64] = {};
  CHECK(read(pipe_ends[0], text, sizeof text - 1) == 12);
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(std::string(text) == "to the pipe\n");
  CHECK(read_file(file) == "before\nto the file\n");
  CHECK(num_entries(folder.path()) == 1);
}

TEST_CASE("a signal handler can remove the files and folders that are being written, and nothing else") {
  const TemporaryDirectory folder;
  folder.file("mine.tmp", "x");
  AtomicFile file(folder / "x");
  TemporaryPath directory(folder.path(), TemporaryPath::Kind::kDirectory);
  for (int i = 0; i < 300; ++i)
    write_file(directory.path() / ("a file with a long name, so that one call does not list all " + std::to_string(i)), "x");
  CHECK(num_entries(folder.path()) == 3);
  remove_temporary_files();
  CHECK(num_entries(folder.path()) == 1);
  CHECK(read_file(folder / "mine.tmp") == "x");
}

TEST_CASE("what killed programs left goes, what a live one is writing and what only looks like it stays") {
  const TemporaryDirectory folder;
  const auto dead = new_temporary_name(folder.path()), dead_folder = new_temporary_name(folder.path());
  write_file(dead, "x");
  std::filesystem::create_directory(dead_folder);
  write_file(dead_folder / "weights", "x");
  folder.file(".attnzoo-notes.tmp", "x");
  folder.file(".attnzoo-0123456789abcdeF.tmp", "x");
  const AtomicFile live(folder / "x");
  remove_leftovers(folder.path());
  CHECK_FALSE(std::filesystem::exists(dead));
  CHECK_FALSE(std::filesystem::exists(dead_folder));
  CHECK(num_entries(folder.path()) == 3);
}

TEST_CASE("an output that is an input is refused, whatever its name") {
  const TemporaryDirectory folder;
  const auto file = folder.file("text", "x");
  std::filesystem::create_symlink("text", folder / "link");
  std::filesystem::create_hard_link(file, folder / "second");
  for (const char* name : {"text", "link", "second", "./text"})
    CHECK_THROWS_WITH(
        refuse_input_as_output("--output", folder / name, {"/none", file}),
        Equals("--output " + (folder / name).string() + ": this is the file that is read (" + file + "); choose another name"));
  refuse_input_as_output("--output", folder / "new", {file});
  {
    const AtomicFile first(folder / "twice");
    CHECK_THROWS_WITH(AtomicFile(folder / "." / "twice"), ContainsSubstring("two outputs have this name; give each a name of its own"));
    AtomicFile(folder / "other");
  }
  AtomicFile(folder / "twice").commit();  // the first is gone
  refuse_input_as_output("--output", "/dev/null", {"/dev/null"});
  const int saved = dup(STDIN_FILENO), in = open(file.c_str(), O_RDONLY);
  dup2(in, STDIN_FILENO);
  CHECK_THROWS_WITH(refuse_input_as_output("--output", file, {"-"}), ContainsSubstring("this is the file that is read (standard input)"));
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(in);
}

TEST_CASE("the CRC is zlib's, in one go or in pieces") {
  const TemporaryDirectory folder;
  CHECK(crc32_of("123456789", 9) == 0xCBF43926u);  // the check value of CRC-32/ISO-HDLC
  CHECK(crc32_of("6789", 4, crc32_of("12345", 5)) == 0xCBF43926u);
  CHECK(crc32_of_file(folder.file("x", "123456789")) == 0xCBF43926u);
}
