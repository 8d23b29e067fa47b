// How good predicted labels are: accuracy and macro-F1, as scikit-learn computes them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace attnzoo {

struct LabelScore {
  std::string label;
  int64_t num_references = 0, num_predictions = 0, num_correct = 0;
  double precision() const;  // 0 where nothing was predicted
  double recall() const;     // 0 where nothing was to be found
  double f1() const;
};

struct ClassificationScore {
  int64_t num_texts = 0, num_correct = 0;
  std::vector<LabelScore> labels;  // of references or predictions, in alphabetical order

  // 0 .. 1; NaN without texts.
  double accuracy() const;
  double macro_f1() const;         // mean of the labels' F1, each counting the same however rare it is
  nlohmann::json to_json() const;  // in percent, as BLEU and chrF are
};

// Throws DataError for counts that differ.
ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references);

}  // namespace attnzoo
