// What the training text itself shows when it is read again beside its corpus: examples of what the cleaning acted on, and pairs that are
// likely misaligned (data/pair_clues.h). Memory does not grow with the text, but for the cleaning's own table of pairs seen before.
#pragma once

#include <array>
#include <optional>

#include "data/cleaning_examples.h"
#include "data/pair_clues.h"
#include "data/prepare.h"
#include "data/progress.h"

namespace attnzoo {

struct SuspiciousPair {
  ShownPair pair;
  double probability = 0;
  std::array<double, kNumClues> clues{};
};

struct MisalignedPairs {
  static constexpr size_t kMaxShown = 50, kParts = 50;
  int64_t num_judged = 0;
  int64_t num_likely = 0;   // rather misaligned than not
  double num_expected = 0;  // the sum of all probabilities
  double information = 0;   // PairJudge::information()
  // The text in parts of as many kept pairs each: the mean probability. A part where the lines are shifted stands out.
  std::vector<double> by_position;
  // Pairs whose sides are equal, of four words or more: not translated, and no clue says so. The first ones.
  static constexpr size_t kMaxEqual = 10, kFewestEqualWords = 4;
  int64_t num_equal = 0;
  std::vector<ShownPair> equal;
  std::vector<SuspiciousPair> worst;  // of the likely ones, the likeliest first; each pair of texts once
};

struct TextFindings {
  std::vector<std::vector<ShownPair>> of_reasons;  // as CleaningExamples has them
  // Of translations and summaries; none with fewer than PairJudge::kFewestPairs kept pairs.
  std::optional<MisalignedPairs> misaligned;
};

// `config` is what `data` was prepared from. `progress` may be null. Throws DataError where the text has changed since.
TextFindings find_in_text(const PreparedData& data, const DataConfig& config, Progress* progress = nullptr);

}  // namespace attnzoo
