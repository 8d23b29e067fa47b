// Whether text comes back as it was when its ids are decoded: what a tokeniser changes, no model can write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer.h"

namespace attnzoo {

// A line that came back changed: both texts from a little before the place where they part.
struct ChangedLine {
  std::string place;  // "train.en:7"
  std::string before, after;
  std::string character;     // what stood there, "U+00B2"; empty at the end of the line
  bool spaces = false;       // in white space alone
  std::string text() const;  // "train.en:7: 5 m2 -> 5 m2 (at U+00B2)"
};

// Counts lines of one side of a corpus.
struct RoundTrip {
  static constexpr size_t kMaxExamples = 10;  // of each kind of change

  int64_t num_lines = 0;
  int64_t num_spaces = 0;                               // changed in white space alone
  int64_t num_unknown = 0;                              // with <unk>
  int64_t num_changed = 0;                              // changed otherwise
  std::vector<ChangedLine> changed, changed_in_spaces;  // the first ones

  // `place` names the line. With `copied_from`, unknown words that it has are copied, not lost (data/extended_vocabulary.h).
  void add(const Tokenizer& tokenizer, std::string_view line, const std::string& place, const std::string_view* copied_from = nullptr);
  // "3 of 1000 lines come back changed (0.30%), 5 others in white space alone; first: ..."
  std::string text() const;
};

}  // namespace attnzoo
