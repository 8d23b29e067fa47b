// Accuracy and macro-F1 of predicted labels, as scikit-learn computes them, and which labels are taken for which.
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

// How many texts of one label got another, or the same.
struct LabelPair {
  size_t reference, prediction;  // indices of ClassificationScore::labels
  int64_t num_texts;             // above 0
};

struct ClassificationScore {
  int64_t num_texts = 0, num_correct = 0;
  std::vector<LabelScore> labels;  // every label of the references or predictions, in byte order
  std::vector<LabelPair> pairs;    // by reference, then by prediction

  double accuracy() const;         // 0 to 1; NaN without texts
  double macro_f1() const;         // mean of the F1 of all labels, rare or not; 0 to 1, NaN without texts
  nlohmann::json to_json() const;  // in percent, as BLEU and chrF are
  std::string table() const;       // precision, recall and F1 of each label, in percent, one per line
  // Of up to 12 labels a table of all pairs, a line per reference; of more the most frequent confusions. Empty where all are right.
  std::string confusions() const;
};

// predictions[i] is compared with references[i]. Throws DataError for unequal counts.
ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references);

}  // namespace attnzoo
