#include "train/duration.h"

#include <cmath>
#include <cstdlib>

#include "data/error.h"

namespace attnzoo {

double parse_duration(const std::string& text, const std::string& where) {
  double seconds = 0;
  const char* place = text.c_str();
  bool valid = !text.empty();
  while (valid && *place != '\0') {
    char* end = nullptr;
    const double value = std::strtod(place, &end);
    const char unit = *end;
    valid = end != place && std::isfinite(value) && value >= 0 && (unit == '\0' || unit == 's' || unit == 'm' || unit == 'h');
    seconds += value * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
    place = unit == '\0' ? end : end + 1;
  }
  if (!valid) fail<ConfigError>("{}: '{}' is not a time; write seconds (90), 90s, 50m, 2h or 1h30m", where, text);
  return seconds;
}

}  // namespace attnzoo
