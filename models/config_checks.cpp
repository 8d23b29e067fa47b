#include "models/config_checks.h"

#include <fmt/format.h>

namespace attnzoo {

void check_at_least_one(FieldReader& reader, const char* key, int64_t value) {
  if (value < 1) reader.problem(key, fmt::format("must be at least 1, got {}", value));
}

void check_fraction(FieldReader& reader, const char* key, double value) {
  if (!(value >= 0 && value < 1)) reader.problem(key, fmt::format("must be in [0, 1), got {}", value));
}

}  // namespace attnzoo
