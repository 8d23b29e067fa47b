// Ctrl-C and SIGTERM as a request to stop after the step at hand; a second one ends the program at once.
#pragma once

#include <atomic>

namespace attnzoo {

class StopSignal {
 public:
  // Installs the handlers for its lifetime; one at a time.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>& requested() const;
  // 130 after SIGINT, 143 after SIGTERM, 0 before either.
  int exit_status() const;
};

}  // namespace attnzoo
