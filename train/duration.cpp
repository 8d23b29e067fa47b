#include "train/duration.h"

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "data/error.h"

namespace attnzoo {

double parse_duration(const std::string& text, const std::string& where) {
  double seconds = 0;
  size_t last_rank = 0;
  const char* place = text.c_str();
  bool valid = !text.empty();
  while (valid && *place != '\0') {
    char* end = nullptr;
    const double value = std::strtod(place, &end);
    const char unit = *end;
    // Larger units first, each once; a number without a unit stands alone, so that nobody takes 1h30 for an hour and a half.
    const size_t rank = unit == '\0' ? (place == text.c_str() ? 3 : 0) : std::string_view("hms").find(unit) + 1;
    valid = end != place && std::isfinite(value) && value >= 0 && rank > last_rank && rank <= 3;
    last_rank = rank;
    seconds += value * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
    place = unit == '\0' ? end : end + 1;
  }
  if (!valid) fail<ConfigError>("{}: '{}' is not a time; write seconds (90), 90s, 50m, 2h or 1h30m", where, text);
  return seconds;
}

}  // namespace attnzoo
