#include "data/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "data/utf8.h"

namespace attnzoo {
namespace {

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool can_redraw(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  return isatty(fileno(stream)) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

size_t terminal_columns(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(std::FILE* stream, double plain_interval_s)
    : stream_(stream),
      live_(can_redraw(stream)),
      dimmed_(live_ && !set_and_not_empty("NO_COLOR")),
      interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(live_ ? 0.2 : plain_interval_s))),
      // What ends at once shows nothing.
      next_(Clock::now() + interval_) {}

Progress::~Progress() { clear(); }

void Progress::update(const std::function<std::string()>& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + interval_;
  const std::string line = text();
  if (!live_) {
    fmt::print(stream_, "{}\n", line);
  } else {
    // A line that wraps could not be taken back.
    const std::string fitting = shorten(line, terminal_columns(stream_) - 1);
    fmt::print(stream_, "\r\x1b[K{}{}{}", dimmed_ ? "\x1b[2m" : "", fitting, dimmed_ ? "\x1b[0m" : "");
    shown_ = true;
  }
  std::fflush(stream_);
}

void Progress::line(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  clear_locked();
  fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
}

void Progress::clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  clear_locked();
}

void Progress::clear_locked() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  shown_ = false;
}

std::string short_count(double count) {
  const char* units[] = {"", "k", "M", "G", "T"};
  size_t unit = 0;
  // 999.5 would be shown as "1000".
  while (count >= (unit == 0 ? 1000 : 999.5) && unit < 4) {
    count /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f}", count);
  return fmt::format("{:.{}f}{}", count, count < 9.995 ? 2 : count < 99.95 ? 1 : 0, units[unit]);
}

std::string short_duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string short_bytes(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace attnzoo
