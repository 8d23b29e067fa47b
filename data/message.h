// Messages to people, and the standard streams they are written to. A message that cannot be written is lost, and nothing else with it.
#pragma once

#include <string_view>

namespace attnzoo {

// Opens descriptors 0 to 2 on /dev/null where they are closed, so that no data file gets one of these numbers and with it the messages.
// Reading 0 and writing 1 still fail, as on a closed stream. Call it before any file is opened.
void open_standard_streams() noexcept;

// Writes all of `bytes` to a descriptor of any kind; false when that fails (errno says why). Under run_program(), which ignores SIGPIPE, a
// broken pipe is such a failure and no more.
bool write_to_descriptor(int descriptor, std::string_view bytes) noexcept;

// Writes one message to standard error, made printable (printable_message), with a line feed. Never fails.
void print_message(std::string_view text) noexcept;

// Writes text to standard output. A terminal gets it printable, with its line feeds and tabs; a file or a pipe gets the bytes unchanged.
void print_output(std::string_view text);

}  // namespace attnzoo
