// Ctrl-C (SIGINT), SIGTERM and SIGHUP as requests to stop, the same for every program.
//
//   StopSignal stop;                          // first thing: while the program loads and prepares, a signal ends it at once
//   ...
//   stop.ask_first();                         // there is work to save from here on
//   while (!stop.requested()) ...
//   return stop.exit_status();
//
// Ending at once removes the temporary files and exits with 128 + the signal's number. After ask_first() the first signal sets requested()
// and a second one, at least a second later, ends the program at once. A signal that was ignored when the program started (nohup, a
// background job of a script) stays ignored.
#pragma once

#include <atomic>

namespace attnzoo {

class StopSignal {
 public:
  // Installs the handlers for its lifetime; one object at a time.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void ask_first();
  const std::atomic<bool>& requested() const;
  // 129, 130 or 143 after SIGHUP, SIGINT or SIGTERM; 0 before any.
  int exit_status() const;
};

// While it lives, a stop that is asked for turns `descriptor` into an empty file, so that a read that waits there comes to its end. One at
// a time.
class EndableRead {
 public:
  explicit EndableRead(int descriptor);
  ~EndableRead();
  EndableRead(const EndableRead&) = delete;
  EndableRead& operator=(const EndableRead&) = delete;
};

}  // namespace attnzoo
