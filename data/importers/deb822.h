// Lines of deb822, the text format of Debian's indexes: records of "Field: value" lines, indented lines that continue a value, an empty
// line between records.
#pragma once

#include <string_view>

namespace attnzoo {

struct Deb822Line {
  enum Kind { kField, kContinuation, kRecordEnd };
  Kind kind = kRecordEnd;
  std::string_view field;  // of kField only
  std::string_view value;  // trimmed; the whole line, indentation and all, of kContinuation
};

// Removes the next line from `rest`; the end of the text ends a record too. Other lines are skipped.
Deb822Line take_deb822_line(std::string_view& rest);

// Without spaces and tabs at its ends.
std::string_view trim(std::string_view text);

}  // namespace attnzoo
