// Ranges that options and fields are held against, and the words for them: "must be between 1 and 1024".
#pragma once

#include <cstdint>
#include <string>

namespace attnzoo {

struct IntegerBounds {
  int64_t least = 0, most = 0;
  bool contain(int64_t value) const { return value >= least && value <= most; }
  std::string text() const;
};

// `least` itself is outside where `above` is set. No NaN is inside; an infinite `most` has no upper bound.
struct RealBounds {
  double least = 0, most = 0;
  bool above = false;
  bool contain(double value) const { return (above ? value > least : value >= least) && value <= most; }
  std::string text() const;
};

inline constexpr IntegerBounds kThreadBounds{1, 1024};

}  // namespace attnzoo
