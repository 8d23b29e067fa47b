#include "data/progress.h"

#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::TemporaryDirectory;

namespace {

// What `body` writes to a terminal of 20 columns.
std::string on_terminal(const std::function<void(std::FILE*)>& body) {
  int master, slave;
  winsize size{};
  size.ws_row = 10;
  size.ws_col = 20;
  REQUIRE(openpty(&master, &slave, nullptr, nullptr, &size) == 0);
  std::FILE* stream = fdopen(slave, "w");
  body(stream);
  std::fclose(stream);
  // A terminal hands out a line at a time, and an error once its other end is closed.
  std::string written;
  char buffer[1000];
  for (ssize_t num_read; (num_read = read(master, buffer, sizeof buffer)) > 0;) written.append(buffer, static_cast<size_t>(num_read));
  close(master);
  return written;
}

void wait_until_due() { std::this_thread::sleep_for(std::chrono::milliseconds(220)); }

}  // namespace

TEST_CASE("a terminal shows one line that is redrawn, cut to its width, and taken away at the end") {
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  int num_made = 0;
  const std::string written = on_terminal([&](std::FILE* stream) {
    Progress progress(stream);
    CHECK(progress.live());
    progress.update([&] { return ++num_made, std::string("too early"); });
    wait_until_due();
    progress.update([&] { return ++num_made, std::string("first"); });
    progress.update([&] { return ++num_made, std::string("too soon"); });
    progress.line("stays");
    wait_until_due();
    progress.update([&] { return ++num_made, std::string("a line of more than 20 columns"); });
  });
  CHECK(num_made == 2);
  CHECK(written == "\r\x1b[Kfirst\r\x1b[Kstays\r\n\r\x1b[Ka line of more t...\r\x1b[K");
  unsetenv("NO_COLOR");
}

TEST_CASE("the live line is dimmed unless NO_COLOR is set, and a dumb terminal gets plain lines") {
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  CHECK(on_terminal([](std::FILE* stream) {
          Progress progress(stream);
          wait_until_due();
          progress.update([] { return "x"; });
        }) == "\r\x1b[K\x1b[2mx\x1b[0m\r\x1b[K");
  setenv("TERM", "dumb", 1);
  CHECK(on_terminal([](std::FILE* stream) {
          Progress progress(stream, 0);
          CHECK_FALSE(progress.live());
          progress.update([] { return "x"; });
        }) == "x\r\n");
}

TEST_CASE("a file gets plain lines, and only now and then") {
  const TemporaryDirectory folder;
  std::FILE* stream = std::fopen((folder / "log").c_str(), "w");
  {
    Progress every(stream, 0);
    every.update([] { return "one"; });
    every.line("two");
    Progress seldom(stream, 1000);
    seldom.update([] { return "never"; });
  }
  std::fclose(stream);
  CHECK(read_file(folder / "log") == "one\ntwo\n");
}

TEST_CASE("text in a progress line cannot act on the terminal or add a line") {
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  CHECK(on_terminal([](std::FILE* stream) {
          Progress progress(stream);
          progress.line("a\x1b[2J\nb\n  c");
          wait_until_due();
          progress.update([] { return "d\re\n  f"; });
        }) == "a\\x1b[2J\\nb\r\n  c\r\n\r\x1b[Kd\\re\\n  f\r\x1b[K");
  unsetenv("NO_COLOR");
}

TEST_CASE("a count of one is written in the singular") {
  CHECK(counted(0, "sentence") == "0 sentences");
  CHECK(counted(1, "sentence") == "1 sentence");
  CHECK(counted(2, "target token") == "2 target tokens");
}

TEST_CASE("counts, times and sizes are short") {
  CHECK(short_count(0) == "0");
  CHECK(short_count(999) == "999");
  CHECK(short_count(1234) == "1.23k");
  CHECK(short_count(999999) == "1.00M");
  CHECK(short_count(45678901) == "45.7M");
  CHECK(short_duration(8.4) == "8 s");
  CHECK(short_duration(200) == "3 min 20 s");
  CHECK(short_duration(7500) == "2 h 05 min");
  CHECK(short_bytes(512) == "512 B");
  CHECK(short_bytes(3.25 * 1024 * 1024) == "3.2 MiB");
}
