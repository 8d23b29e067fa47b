#include "data/message.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "data/printable.h"

namespace attnzoo {

void open_standard_streams() noexcept {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one: those below are open by now.
    if (::open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY) < 0) return;
  }
}

bool write_to_descriptor(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t num_written = ::write(descriptor, bytes.data(), bytes.size());
    if (num_written < 0 && errno == EINTR) continue;
    if (num_written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(num_written));
  }
  return true;
}

void print_message(std::string_view text) noexcept {
  try {
    write_to_descriptor(STDERR_FILENO, printable_message(text) + "\n");
  } catch (...) {  // no memory for the escapes
    write_to_descriptor(STDERR_FILENO, "out of memory\n");
  }
}

void print_output(std::string_view text) {
  const std::string shown = ::isatty(STDOUT_FILENO) != 0 ? printable(text, "\n\t") : std::string();
  if (!shown.empty()) text = shown;
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace attnzoo
