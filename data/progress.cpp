#include "data/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "data/message.h"
#include "data/printable.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool can_redraw(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

size_t terminal_columns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(std::FILE* stream, double plain_interval_s)
    : descriptor_(fileno(stream)),
      live_(can_redraw(descriptor_)),
      dimmed_(live_ && !set_and_not_empty("NO_COLOR")),
      interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(live_ ? 0.2 : plain_interval_s))),
      // A job that ends at once shows nothing.
      next_(Clock::now() + interval_) {}

Progress::~Progress() { clear(); }

void Progress::update(const std::function<std::string()>& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + interval_;
  const std::string line = printable(text());
  if (!live_) return write(line + "\n");
  // A line that wraps could not be removed.
  const std::string fitting = shorten(line, terminal_columns(descriptor_) - 1);
  write(fmt::format("\r\x1b[K{}{}{}", dimmed_ ? "\x1b[2m" : "", fitting, dimmed_ ? "\x1b[0m" : ""));
  shown_ = true;
}

void Progress::line(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  clear_locked();
  write(printable_message(text) + "\n");
}

void Progress::clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  clear_locked();
}

void Progress::clear_locked() {
  if (!shown_) return;
  write("\r\x1b[K");
  shown_ = false;
}

void Progress::write(const std::string& text) { write_to_descriptor(descriptor_, text); }

std::string counted(int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

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
