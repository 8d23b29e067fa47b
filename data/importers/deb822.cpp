#include "data/importers/deb822.h"

#include <algorithm>

namespace attnzoo {

Deb822Line take_deb822_line(std::string_view& rest) {
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line[0] == ' ' || line[0] == '\t') return {Deb822Line::kContinuation, {}, line};
    if (const size_t colon = line.find(':'); colon != line.npos)
      return {Deb822Line::kField, line.substr(0, colon), trim(line.substr(colon + 1))};
  }
  return {};
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace attnzoo
