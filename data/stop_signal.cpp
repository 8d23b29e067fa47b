#include "data/stop_signal.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "data/files.h"

namespace attnzoo {
namespace {

constexpr std::array<int, 3> kStopSignals = {SIGHUP, SIGINT, SIGTERM};

std::atomic<bool> asks_first{false}, stop_requested{false};
// timeout(1) signals its child and then the child's whole group, a terminal and a wrapper both pass on Ctrl-C: that is one request.
constexpr int64_t kSameRequestMs = 1000;
std::atomic<int64_t> first_signal_ms{0};
std::atomic<int> received_signal{0}, null_device{-1}, read_descriptor{-1};
std::array<struct sigaction, kStopSignals.size()> previous_actions;

void end_read() {
  const int descriptor = read_descriptor, empty = null_device;
  if (descriptor >= 0 && empty >= 0) dup2(empty, descriptor);
}

// Only what POSIX allows in a handler.
extern "C" void handle_stop(int signal_number) {
  const int error = errno;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t now_ms = int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  const bool again = asks_first && stop_requested.exchange(true);
  errno = error;
  if (again && now_ms - first_signal_ms < kSameRequestMs) return;
  if (!asks_first || again) {
    remove_temporary_files();
    _exit(128 + signal_number);
  }
  first_signal_ms = now_ms;
  received_signal = signal_number;
  end_read();
  errno = error;
}

}  // namespace

StopSignal::StopSignal() {
  asks_first = stop_requested = false;
  received_signal = 0;
  if (null_device < 0) null_device = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct sigaction action {};
  action.sa_handler = handle_stop;
  action.sa_flags = SA_RESTART;  // after ask_first() writes in progress are finished
  for (const int signal_number : kStopSignals) sigaddset(&action.sa_mask, signal_number);
  for (size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], nullptr, &previous_actions[i]);
    if (previous_actions[i].sa_handler != SIG_IGN) sigaction(kStopSignals[i], &action, nullptr);
  }
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kStopSignals.size(); ++i) sigaction(kStopSignals[i], &previous_actions[i], nullptr);
}

void StopSignal::ask_first() { asks_first = true; }
const std::atomic<bool>& StopSignal::requested() const { return stop_requested; }
int StopSignal::exit_status() const { return received_signal == 0 ? 0 : 128 + received_signal; }

EndableRead::EndableRead(int descriptor) {
  read_descriptor = descriptor;
  if (stop_requested) end_read();
}
EndableRead::~EndableRead() { read_descriptor = -1; }

}  // namespace attnzoo
