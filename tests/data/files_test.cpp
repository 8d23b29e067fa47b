#include "data/files.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "data/error.h"
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

TEST_CASE("the CRC is zlib's, in one go or in pieces") {
  const TemporaryDirectory folder;
  CHECK(crc32_of("123456789", 9) == 0xCBF43926u);  // the check value of CRC-32/ISO-HDLC
  CHECK(crc32_of("6789", 4, crc32_of("12345", 5)) == 0xCBF43926u);
  CHECK(crc32_of_file(folder.file("x", "123456789")) == 0xCBF43926u);
}
