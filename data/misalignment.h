// Pairs of a parallel text that look as if one side did not translate the other: told by lengths, numbers and equality, without a model.
//
// Gale and Church 1993: lengths in characters of sentences that translate each other are normal around a ratio c, with a variance that
// grows with the length; z = (target - c * source) / sqrt(s2 * source). c and s2 are medians over the text itself, so that a few bad pairs
// do not matter. Suspicious are pairs with |z| of 4 or more; with |z| of 2 or more where both sides have numbers (runs of digits) and share
// none, or one side alone has some; and sides of four words or more that are equal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace attnzoo {

struct SuspiciousPair {
  std::string place, source, target;
  std::string why;  // "length", "numbers", "equal"
  double z = 0;
};

struct Misalignment {
  int64_t num_pairs = 0, num_suspicious = 0;
  double length_ratio = 0;               // c, target characters per source character; 0 without pairs
  std::vector<SuspiciousPair> examples;  // the largest |z| first; at most kMaxExamples

  static constexpr size_t kMaxExamples = 100;
};

class MisalignmentFinder {
 public:
  // Keeps lengths and the beginning of each text: some hundred bytes per pair.
  void add(const std::string& place, const std::string& source, const std::string& target);
  Misalignment result() const;

 private:
  struct Pair {
    std::string place, source, target;
    double source_length = 0, target_length = 0;
    bool numbers_differ = false, equal = false;
  };
  std::vector<Pair> pairs_;
};

}  // namespace attnzoo
