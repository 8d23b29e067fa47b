#include "data/printable.h"

#include "tests/program.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::run_bash;
using attnzoo::test::TemporaryDirectory;

namespace {

// What bash makes of a word.
std::string echoed(const std::string& word) {
  const TemporaryDirectory folder;
  return run_bash(folder.path(), "printf %s " + word).output;
}

}  // namespace

TEST_CASE("control characters, bidirectional overrides and bytes that are not UTF-8 are shown as escapes") {
  CHECK(printable("plain text ~") == "plain text ~");
  CHECK(printable("\x1b[31mred\x1b[0m\a") == "\\x1b[31mred\\x1b[0m\\x07");
  CHECK(printable("a\nb\rc\td\x7f") == "a\\nb\\rc\\td\\x7f");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("\xC2\x9B"
                  "31m \xC2\x85 \xC2\x80 \xC2\xA0") == "\\u009b31m \\u0085 \\u0080 \xC2\xA0");
  CHECK(printable("\x9B"
                  "31m \xFF\xFE \xE2\x80") == "\\x9b31m \\xff\\xfe \\xe2\\x80");
  CHECK(printable("\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9") == "\\u202a\\u202e\\u2066\\u2069");
  CHECK(printable("\xE2\x80\xA8\xE2\x80\xA9") == "\\u2028\\u2029");
}

TEST_CASE("text of every script is shown as it is") {
  const std::string text =
      "Z\xC3\xBCrich \xE4\xBD\xA0\xE5\xA5\xBD \xD8\xB3\xD9\x84\xD8\xA7\xD9\x85 \xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE \xF0\x9F\x98\x80 "
      "\xEF\xBB\xBF";
  CHECK(printable(text) == text);
}

TEST_CASE("line feeds and tabs may be kept, and a message keeps the line breaks that the program indented") {
  CHECK(printable("a\n\tb\x1b", "\n\t") == "a\n\tb\\x1b");
  CHECK(printable_message("run: differs:\n  a: 1\n  b: 2") == "run: differs:\n  a: 1\n  b: 2");
  CHECK(printable_message("a\nattnzoo-train: error: forged: no such file") == "a\\nattnzoo-train: error: forged: no such file");
  CHECK(printable_message("\n") == "\\n");
}

TEST_CASE("a quoted word is read back by a shell as it was") {
  CHECK(shell_quoted("runs/first-1.0") == "runs/first-1.0");
  CHECK(shell_quoted("my runs/first") == "'my runs/first'");
  CHECK(shell_quoted("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("a\nb'\\\x1b") == "$'a\\x0ab\\'\\\\\\x1b'");
  for (const std::string word : {"a b", "it's", "$(date) `x` \"y\" \\ ! *?[a] ~ ;&|<>#", "a\tb\x1b[1mc'd\\e",
                                 "gr\xC3\xB6\xC3\x9F"
                                 "er",
                                 "\xFF"
                                 "0x"}) {
    INFO(shell_quoted(word));
    CHECK(echoed(shell_quoted(word)) == word);
    CHECK(printable(shell_quoted(word)) == shell_quoted(word));
  }
}
