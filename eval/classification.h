// How well labels were told: accuracy and macro-F1, as scikit-learn has them.
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

  double accuracy() const;  // 0 .. 1
  double macro_f1() const;  // mean of the labels' F1, each counting the same however rare it is; 0 .. 1
  nlohmann::json to_json() const;
};

// Throws DataError for counts that differ.
ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references);

}  // namespace attnzoo
