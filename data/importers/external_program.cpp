#include "data/importers/external_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "data/error.h"

extern char** environ;

namespace attnzoo {
namespace {

// Closes what is still open however the function is left.
struct Descriptor {
  int number = -1;
  ~Descriptor() { reset(); }
  void reset() {
    if (number >= 0) ::close(number);
    number = -1;
  }
};

int64_t milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

// Reads into result.text until the end of the pipe, of the time or of the room.
void read_output(int descriptor, int64_t timeout_s, size_t max_bytes, ProgramOutput& result) {
  const auto start = std::chrono::steady_clock::now();
  std::array<char, 1 << 16> buffer;
  while (true) {
    const int64_t left_ms = timeout_s * 1000 - milliseconds_since(start);
    pollfd ready{descriptor, POLLIN, 0};
    const int num_ready = left_ms <= 0 ? 0 : ::poll(&ready, 1, static_cast<int>(std::min<int64_t>(left_ms, 1000)));
    result.timed_out = left_ms <= 0 || (num_ready < 0 && errno != EINTR);
    if (result.timed_out) return;
    if (num_ready <= 0) continue;
    const ssize_t num_bytes = ::read(descriptor, buffer.data(), buffer.size());
    if (num_bytes == 0) return;
    if (num_bytes < 0) continue;
    result.text.append(buffer.data(), static_cast<size_t>(num_bytes));
    result.too_long = result.text.size() > max_bytes;
    if (result.too_long) return;
  }
}

}  // namespace

ProgramOutput run_external(const std::vector<std::string>& arguments, bool keep_stderr, int64_t timeout_s, size_t max_bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    fail<DataError>("{}: cannot be run, because no pipe can be made: {}", arguments.at(0), std::strerror(errno));
  Descriptor read_end{ends[0]}, write_end{ends[1]};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.number, STDOUT_FILENO);
  if (keep_stderr)
    posix_spawn_file_actions_adddup2(&actions, write_end.number, STDERR_FILENO);
  else
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argument_pointers;
  argument_pointers.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argument_pointers.push_back(const_cast<char*>(argument.c_str()));
  argument_pointers.push_back(nullptr);
  pid_t process = 0;
  // SIGPIPE, which this program ignores, ends that one as usual.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int spawn_error = ::posix_spawnp(&process, argument_pointers[0], &actions, &attributes, argument_pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  write_end.reset();

  ProgramOutput result;
  if (spawn_error != 0) {
    result.exit_status = 127;
    return result;
  }
  read_output(read_end.number, timeout_s, max_bytes, result);
  if (result.timed_out || result.too_long) ::kill(process, SIGTERM);
  read_end.reset();
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace attnzoo
