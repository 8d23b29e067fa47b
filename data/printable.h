// Text from files and users, made safe to show: on a terminal, and in a command that can be pasted into a shell.
#pragma once

#include <string>
#include <string_view>

namespace attnzoo {

// `text` without anything that could move a cursor, change colors, or reorder what surrounds it. Control characters (C0, DEL, C1), line and
// paragraph separators, bidirectional embeddings, overrides and isolates, and bytes that are not UTF-8 become escapes: \n, \t, \x1b,
// \u0085, \u202e. Characters listed in `kept` (ASCII) stay as they are.
std::string printable(std::string_view text, std::string_view kept = "");

// The same for a message. A line break that the program itself put there is followed by two spaces of indentation and is kept; any other
// one came with the data and is escaped, so that a file name cannot add a line of its own.
std::string printable_message(std::string_view text);

// `word` as a POSIX shell reads it back: unchanged where that is safe, else in quotes. Names with control characters take the form
// $'a\x0ab', which bash, ksh and zsh understand.
std::string shell_quoted(std::string_view word);

}  // namespace attnzoo
