// Whether text comes back as it was when its ids are decoded: what a tokeniser changes, no model can write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/tokenizer.h"

namespace attnzoo {

// Counts lines of one side of a corpus.
struct RoundTrip {
  int64_t num_lines = 0;
  int64_t num_spaces = 0;   // changed in white space alone
  int64_t num_unknown = 0;  // with <unk>
  int64_t num_changed = 0;  // changed otherwise
  std::string example;      // of the last kind, else of the second: "train.en:7: 5 m2 -> 5 m2"

  // `place` names the line. With `copied_from`, unknown words that it has are copied, not lost (data/extended_vocabulary.h).
  void add(const Tokenizer& tokenizer, std::string_view line, const std::string& place, const std::string_view* copied_from = nullptr);
  // "3 of 1000 lines come back changed (0.30%), 5 others in white space alone; first: ..."
  std::string text() const;

 private:
  bool example_is_of_change_ = false;
};

}  // namespace attnzoo
