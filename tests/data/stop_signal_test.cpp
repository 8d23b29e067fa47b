#include "data/stop_signal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "data/files.h"
#include "data/text_reader.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::TemporaryDirectory;

namespace {

int status_after(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Sends the signal to this process soon, while it waits for something.
void raise_soon(int signal_number) {
  const pid_t receiver = getpid();
  if (fork() != 0) return;
  usleep(200000);
  kill(receiver, signal_number);
  _exit(0);
}

}  // namespace

TEST_CASE("until a program asks for it, the first signal ends it: hang-up, interrupt and termination alike") {
  for (const int signal_number : {SIGHUP, SIGINT, SIGTERM})
    CHECK(status_after([&] {
            const StopSignal stop;
            raise(signal_number);
            return 1;
          }) == 128 + signal_number);
}

TEST_CASE("the first signal asks for a stop, the second ends the program") {
  CHECK(status_after([] {
          StopSignal stop;
          stop.ask_first();
          if (stop.requested() || stop.exit_status() != 0) return 1;
          raise(SIGHUP);
          if (!stop.requested() || stop.exit_status() != 129) return 2;
          raise(SIGTERM);  // at once: the same request
          usleep(1'100'000);
          raise(SIGINT);
          return 3;
        }) == 130);
}

TEST_CASE("a program that ends at once removes its temporary files first") {
  for (const bool asks_first : {false, true}) {
    const TemporaryDirectory folder;
    CHECK(status_after([&] {
            StopSignal stop;
            AtomicFile file(folder / "out");
            file.write("half");
            if (std::filesystem::is_empty(folder.path())) return 2;
            if (asks_first) stop.ask_first();
            if (asks_first) raise(SIGTERM);
            if (asks_first) usleep(1'100'000);
            raise(SIGTERM);
            return 1;
          }) == 143);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("a signal that was ignored at the start stays ignored, as nohup wants it") {
  CHECK(status_after([] {
          signal(SIGHUP, SIG_IGN);
          signal(SIGINT, SIG_IGN);
          StopSignal stop;
          raise(SIGHUP);
          raise(SIGINT);
          stop.ask_first();
          raise(SIGHUP);
          return stop.requested() ? 1 : 0;
        }) == 0);
}

TEST_CASE("the first signal ends an open that waits while a program loads") {
  const TemporaryDirectory folder;
  const std::string fifo = (folder / "fifo").string();
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(status_after([&] {
          const StopSignal stop;
          raise_soon(SIGTERM);
          return open(fifo.c_str(), O_RDONLY) < 0 ? 1 : 2;
        }) == 143);
}

TEST_CASE("a stop that is asked for ends a read that waits: standard input and a named pipe") {
  const TemporaryDirectory folder;
  const std::string fifo = (folder / "fifo").string();
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  for (const std::string& file : {std::string("-"), fifo})
    CHECK(status_after([&] {
            dup2(ends[0], STDIN_FILENO);
            const int writer = open(fifo.c_str(), O_RDWR);  // keeps the pipe from ending by itself
            StopSignal stop;
            stop.ask_first();
            LineReader reader(file);
            raise_soon(SIGINT);
            std::string line;
            const bool more = reader.next(line);
            close(writer);
            return more || !stop.requested() ? 1 : 0;
          }) == 0);
  close(ends[0]);
  close(ends[1]);
}
