#include "data/message.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>

#include "data/files.h"
#include "data/progress.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::TemporaryDirectory;

namespace {

// Exit status of a child that ignores SIGPIPE, as run_program() does, and runs `body`.
int status_in_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGPIPE, SIG_IGN);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a message that cannot be written is lost and nothing else: closed, full, broken pipe") {
  const auto say_everything = [] {
    print_message("a message");
    Progress progress(stderr, 0);
    progress.update([] { return "live"; });
    progress.line("stays");
    return 7;
  };
  CHECK(status_in_child([&] {
          close(STDERR_FILENO);
          return say_everything();
        }) == 7);
  CHECK(status_in_child([&] {
          dup2(open("/dev/full", O_WRONLY), STDERR_FILENO);
          return say_everything();
        }) == 7);
  CHECK(status_in_child([&] {
          int ends[2];
          if (pipe(ends) != 0) return 1;
          close(ends[0]);
          dup2(ends[1], STDERR_FILENO);
          return say_everything();
        }) == 7);
}

TEST_CASE("closed standard streams are opened, so that no data file gets their messages") {
  const TemporaryDirectory folder;
  const std::string data = folder.file("data", "");
  CHECK(status_in_child([&] {
          for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(descriptor);
          open_standard_streams();
          const int file = open(data.c_str(), O_WRONLY);
          if (file <= STDERR_FILENO) return 1;
          print_message("a message");
          char byte;
          if (read(STDIN_FILENO, &byte, 1) >= 0) return 2;
          return write_to_descriptor(STDOUT_FILENO, "x") ? 3 : 0;
        }) == 0);
  CHECK(read_file(data).empty());
}

TEST_CASE("text for standard output is printable on a terminal and unchanged in a file") {
  const std::string text = "a\x1b[1m\tb\n";
  const TemporaryDirectory folder;
  const std::string file = folder.file("out", "");
  CHECK(status_in_child([&] {
          dup2(open(file.c_str(), O_WRONLY), STDOUT_FILENO);
          print_output(text);
          return std::fflush(stdout);
        }) == 0);
  CHECK(read_file(file) == text);
  int master, slave;
  REQUIRE(openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
  CHECK(status_in_child([&] {
          dup2(slave, STDOUT_FILENO);
          print_output(text);
          return std::fflush(stdout);
        }) == 0);
  char shown[100];
  const ssize_t num_shown = read(master, shown, sizeof shown);
  CHECK(std::string(shown, static_cast<size_t>(std::max<ssize_t>(num_shown, 0))) == "a\\x1b[1m\tb\r\n");
  close(master);
  close(slave);
}
