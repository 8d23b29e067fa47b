#include "data/text_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;
using Lines = std::vector<std::string>;

namespace {

std::string gzip(const TemporaryDirectory& folder, const std::string& name, const std::string& content) {
  const std::string file = (folder / name).string();
  const gzFile out = gzopen(file.c_str(), "wb");
  gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
  gzclose(out);
  return file;
}

// Runs `body` with standard input taken from `file`.
template <class Body>
void with_stdin(const std::string& file, Body body) {
  const int saved = dup(STDIN_FILENO), in = open(file.c_str(), O_RDONLY);
  dup2(in, STDIN_FILENO);
  body();
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(in);
}

}  // namespace

TEST_CASE("a line ends at LF and nowhere else, and one CR before it is taken off") {
  const TemporaryDirectory folder;
  CHECK(read_lines(folder.file("a", "one\ntwo\r\n\nfour")) == Lines{"one", "two", "", "four"});
  CHECK(read_lines(folder.file("b", "a\xE2\x80\xA8z\n\x0B x \x0C\na\rb\r\r\n")) == Lines{"a\xE2\x80\xA8z", "\x0B x \x0C", "a\rb\r"});
  CHECK(read_lines(folder.file("c", "")).empty());
  CHECK(read_lines(folder.file("d", "\n")) == Lines{""});
  CHECK(read_lines(folder.file("e", "\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo")) == Lines{"one", "\xEF\xBB\xBFtwo"});
  CHECK(read_lines(folder.file("f", "\xEF\xBB\xBF")).empty());
  CHECK(read_lines(folder.file("g", std::string("a\0b\n", 4))) == Lines{std::string("a\0b", 3)});
}

TEST_CASE("lines are numbered from 1 and long ones cross every buffer") {
  const TemporaryDirectory folder;
  const std::string large(1000000, 'x');
  LineReader reader(folder.file("a", large + "\nlast\n"));
  std::string line;
  CHECK(reader.line_number() == 0);
  REQUIRE(reader.next(line));
  CHECK(line == large);
  REQUIRE(reader.next(line));
  CHECK(line == "last");
  CHECK(reader.line_number() == 2);
  CHECK_FALSE(reader.next(line));
  CHECK_FALSE(reader.next(line));
  CHECK(reader.line_number() == 2);
}

TEST_CASE("gzip is known by its first bytes, members may follow each other") {
  const TemporaryDirectory folder;
  std::string text;
  Lines expected;
  for (int i = 0; i < 50000; ++i) {
    expected.push_back("line " + std::to_string(i * 7919));
    text += expected.back() + "\n";
  }
  CHECK(read_lines(gzip(folder, "plain-name.txt", text)) == expected);
  CHECK(read_lines(gzip(folder, "empty.gz", "")).empty());
  const std::string two =
      read_file(gzip(folder, "1.gz", "\xEF\xBB\xBFone\ntw")) + read_file(gzip(folder, "2.gz", "o\nthree")) + std::string(512, '\0');
  CHECK(read_lines(folder.file("two.gz", two)) == Lines{"one", "two", "three"});
  CHECK(read_lines(folder.file("not.gz", "plain\n")) == Lines{"plain"});
}

TEST_CASE("a truncated or corrupt gzip file is an error, not a short read") {
  const TemporaryDirectory folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  const std::string whole = read_file(gzip(folder, "whole.gz", text));
  for (const size_t size : {size_t{2}, size_t{12}, whole.size() / 2, whole.size() - 8, whole.size() - 1}) {
    const auto file = folder.file("cut.gz", whole.substr(0, size));
    CHECK_THROWS_WITH(read_lines(file), Equals(file + ": the gzip file is truncated; fetch or make it again"));
  }
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x40);
  CHECK_THROWS_WITH(read_lines(folder.file("flipped.gz", flipped)), ContainsSubstring("flipped.gz: the gzip file is corrupt ("));
  std::string wrong_sum = whole;
  wrong_sum[whole.size() - 8] ^= 1;
  CHECK_THROWS_WITH(read_lines(folder.file("sum.gz", wrong_sum)),
                    ContainsSubstring("sum.gz: the gzip file is corrupt (incorrect data check)"));
}

TEST_CASE("gzip that inflates without end is refused, with and without line ends") {
  const TemporaryDirectory folder;
  const auto bomb = [&](const std::string& content, int times) {
    const std::string file = (folder / "bomb.gz").string();
    const gzFile out = gzopen(file.c_str(), "wb1");
    for (int i = 0; i < times; ++i) gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
    gzclose(out);
    return file;
  };
  std::string line;
  {
    LineReader reader(bomb(std::string(size_t{1} << 20, '\0'), 80));
    CHECK_THROWS_WITH(reader.next(line), ContainsSubstring("bomb.gz:1: a line of more than 64 MiB; is this a text file?"));
  }
  // A piece that ends in many line ends, as a member that is repeated: reading stops soon after 64 MiB, or 500 times what was read.
  std::string lines(size_t{4} << 20, '\0');
  lines.back() = '\n';
  const std::string member = [&] {
    const gzFile out = gzopen((folder / "member.gz").string().c_str(), "wb9");
    gzwrite(out, lines.data(), static_cast<unsigned>(lines.size()));
    gzclose(out);
    return read_file(folder / "member.gz");
  }();
  std::string members;
  for (int i = 0; i < 1000; ++i) members += member;  // 4 GiB in 4 MB
  LineReader reader(folder.file("members.gz", members));
  const auto read_all = [&] {
    while (reader.next(line)) {
    }
  };
  CHECK_THROWS_WITH(read_all(),
                    ContainsSubstring("members.gz: ") && ContainsSubstring(" bytes of gzip inflate to more than 131") &&
                        ContainsSubstring(", over 500 times as many, which no text does; if this is intended, unpack the file first"));
  CHECK(reader.line_number() < 100);
}

TEST_CASE("inputs that can be read only once are known, and refused when named twice") {
  const TemporaryDirectory folder;
  const auto file = folder.file("a", "x\n"), fifo = (folder / "p").string(), link = (folder / "l").string();
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  std::filesystem::create_symlink(fifo, link);
  CHECK(can_be_read_only_once("-"));
  CHECK(can_be_read_only_once(fifo));
  CHECK(can_be_read_only_once(link));
  CHECK_FALSE(can_be_read_only_once(file));
  CHECK_FALSE(can_be_read_only_once("/dev/null"));
  CHECK_FALSE(can_be_read_only_once((folder / "none").string()));
  require_distinct_inputs({file, file, fifo, "/dev/null", "/dev/null"});
  CHECK_THROWS_WITH(require_distinct_inputs({"-", file, "-"}),
                    Equals("standard input ('-') can be read only once, but is named twice; give a file instead"));
  CHECK_THROWS_WITH(require_distinct_inputs({fifo, link}),
                    Equals(link + ": is a pipe or terminal, which can be read only once, but is named twice; give a file instead"));
}

TEST_CASE("a device without end is refused as text") {
  CHECK_THROWS_WITH(LineReader("/dev/zero"), Equals("/dev/zero: is a device; a file is needed"));
  CHECK_THROWS_WITH(LineReader("/dev/urandom"), Equals("/dev/urandom: is a device; a file is needed"));
  CHECK(read_lines("/dev/null").empty());
}

TEST_CASE("standard input is read by the name '-', plain and gzip") {
  const TemporaryDirectory folder;
  Lines plain, zipped;
  with_stdin(folder.file("a", "one\ntwo"), [&] { plain = read_lines("-"); });
  with_stdin(gzip(folder, "b", "three\n"), [&] { zipped = read_lines("-"); });
  CHECK(plain == Lines{"one", "two"});
  CHECK(zipped == Lines{"three"});
  std::string message;
  with_stdin(folder.file("c", "a\xFF\n"), [&] {
    try {
      read_lines("-");
    } catch (const DataError& error) {
      message = error.what();
    }
  });
  CHECK_THAT(message, ContainsSubstring("standard input:1: not valid UTF-8 at byte 2"));
}

TEST_CASE("a line from a pipe is there before the pipe is closed") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string name = "/dev/fd/" + std::to_string(ends[0]);
  REQUIRE(write(ends[1], "a\n", 2) == 2);
  LineReader reader(name);
  std::string line;
  REQUIRE(reader.next(line));
  CHECK(line == "a");
  close(ends[1]);
  CHECK_FALSE(reader.next(line));
  close(ends[0]);
}

TEST_CASE("a file that cannot be read is refused with its name") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(LineReader((folder / "none.en").string()), Equals((folder / "none.en").string() + ": no such file"));
  CHECK_THROWS_WITH(LineReader("train.enn"), ContainsSubstring("train.enn: no such file (looked for in "));
  CHECK_THROWS_WITH(LineReader(folder.path().string()), Equals(folder.path().string() + ": is a directory; a file is needed"));
  const auto utf16 = folder.file("w", std::string("\xFF\xFE"
                                                  "a\0",
                                                  4));
  CHECK_THROWS_WITH(read_lines(utf16), Equals(utf16 + ": is UTF-16, not UTF-8; convert it with: iconv -f UTF-16 -t UTF-8"));
}

TEST_CASE("bytes that are not UTF-8 are refused with line and byte, or replaced") {
  const TemporaryDirectory folder;
  const auto file = folder.file("train.de", "gut\ngr\xFC\xDF\n");
  CHECK_THROWS_WITH(read_lines(file),
                    Equals(file + ":2: not valid UTF-8 at byte 3; convert the file, or accept it with --invalid-utf8 replace "
                                  "(in a recipe: data.clean.invalid_utf8)"));
  CHECK(read_lines(file, InvalidUtf8::kReplace) == Lines{"gut", "gr\xEF\xBF\xBD\xEF\xBF\xBD"});
  CHECK(parse_invalid_utf8("replace") == InvalidUtf8::kReplace);
  CHECK(parse_invalid_utf8("error") == InvalidUtf8::kError);
  CHECK_THROWS_WITH(parse_invalid_utf8("ignore"), Equals("--invalid-utf8: unknown value 'ignore'; accepted: error, replace"));
}
