// Accuracy and macro-F1 of predicted labels, as scikit-learn computes them.
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
  double precision() const;  // 0 if the label was never predicted
  double recall() const;     // 0 if the label is in no reference
  double f1() const;
};

struct ClassificationScore {
  int64_t num_texts = 0, num_correct = 0;
  std::vector<LabelScore> labels;  // every label of the references or predictions, in byte order

  double accuracy() const;         // 0 to 1; NaN without texts
  double macro_f1() const;         // mean of the F1 of all labels, rare or not; 0 to 1, NaN without texts
  nlohmann::json to_json() const;  // in percent, as BLEU and chrF are
  std::string table() const;       // precision, recall and F1 of each label, in percent, one per line
};

// predictions[i] is compared with references[i]. Throws DataError for unequal counts.
ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references);

}  // namespace attnzoo
