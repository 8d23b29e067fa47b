// One line that shows how far a long job has come: redrawn in place on a terminal, elsewhere written now and then as a plain line.
//
//   Progress progress;
//   while (...) progress.update([&] { return fmt::format("{} pairs read", count); });  // cheap when nothing is due
//   progress.line("tokeniser: 8000 pieces");                                             // stays; the live line moves below
//
// Programs, which own standard error, make one; a library function takes a Progress*, which may be null. Text is made printable
// (data/printable.h). What cannot be written is lost without an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace attnzoo {

class Progress {
 public:
  // Live on a terminal that can move its cursor (TERM is not "dumb"): at most 5 updates per second, dimmed unless NO_COLOR is set.
  // Elsewhere update() writes a plain line once `plain_interval_s` seconds have passed since the last one.
  explicit Progress(std::FILE* stream = stderr, double plain_interval_s = 10);
  // Removes the live line, so that the terminal is left as it was.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows what `text` returns when an update is due; does not call it otherwise. May be called from any thread.
  void update(const std::function<std::string()>& text);
  // Writes a line that stays; further lines of the same text are indented by two spaces.
  void line(const std::string& text);
  // Removes the live line now, before other output to the terminal.
  void clear();
  bool live() const { return live_; }

 private:
  void clear_locked();
  void write(const std::string& text);
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  int descriptor_;
  bool live_, dimmed_, shown_ = false;
  Clock::duration interval_;
  Clock::time_point next_;
};

// "1 sentence", "2 sentences".
std::string counted(int64_t count, std::string_view noun);
// "950", "12.3k", "4.56M": three digits for a live line.
std::string short_count(double count);
// "8 s", "3 min 20 s", "2 h 05 min".
std::string short_duration(double seconds);
// "512 B", "3.2 MiB".
std::string short_bytes(double bytes);

}  // namespace attnzoo
