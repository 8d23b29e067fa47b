#include "train/stop_signal.h"

#include <signal.h>
#include <unistd.h>

namespace attnzoo {
namespace {

std::atomic<bool> stop_requested{false};
std::atomic<int> received{0};
struct sigaction previous_interrupt, previous_terminate;

extern "C" void handle_stop(int signal_number) {
  if (stop_requested.exchange(true)) _exit(128 + signal_number);
  received = signal_number;
}

}  // namespace

StopSignal::StopSignal() {
  stop_requested = false;
  received = 0;
  struct sigaction action {};
  action.sa_handler = handle_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_interrupt);
  sigaction(SIGTERM, &action, &previous_terminate);
}

StopSignal::~StopSignal() {
  sigaction(SIGINT, &previous_interrupt, nullptr);
  sigaction(SIGTERM, &previous_terminate, nullptr);
}

const std::atomic<bool>& StopSignal::requested() const { return stop_requested; }
int StopSignal::exit_status() const { return received == 0 ? 0 : 128 + received; }

}  // namespace attnzoo
