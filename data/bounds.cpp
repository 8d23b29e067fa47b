#include "data/bounds.h"

#include <fmt/format.h>

#include <cmath>

namespace attnzoo {
namespace {

// 1000000000, not 1e+09.
std::string plain_number(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{}", value);
}

}  // namespace

std::string IntegerBounds::text() const { return fmt::format("must be between {} and {}", least, most); }

std::string RealBounds::text() const {
  const std::string from = plain_number(least), to = plain_number(most);
  if (std::isinf(most)) return fmt::format("must be {} {}", above ? "above" : "at least", from);
  return above ? fmt::format("must be above {} and at most {}", from, to) : fmt::format("must be between {} and {}", from, to);
}

}  // namespace attnzoo
