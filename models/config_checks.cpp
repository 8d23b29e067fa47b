#include "models/config_checks.h"

#include <fmt/format.h>

#include <string_view>

namespace attnzoo {

void check_at_most(FieldReader& reader, const char* key, int64_t value) {
  const std::string_view name = key;
  const int64_t bound = name == "layers" ? kMaxLayers : name.ends_with("window") ? kMaxDistance : kMaxWidth;
  if (value > bound) reader.problem(key, fmt::format("must be at most {}, got {}", bound, value));
}

void check_at_least_one(FieldReader& reader, const char* key, int64_t value) {
  if (value < 1) reader.problem(key, fmt::format("must be at least 1, got {}", value));
  check_at_most(reader, key, value);
}

void check_fraction(FieldReader& reader, const char* key, double value) {
  if (!(value >= 0 && value < 1)) reader.problem(key, fmt::format("must be in [0, 1), got {}", value));
}

}  // namespace attnzoo
