// Lengths of time as people type them.
#pragma once

#include <string>

namespace attnzoo {

// "90", "90s", "50m", "2h", "1h30m" -> seconds. Throws ConfigError: "--max-time: '5 min' is not a time; ...".
double parse_duration(const std::string& text, const std::string& where);

}  // namespace attnzoo
