#include "eval/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/utf8.h"
#include "data/vocabulary_tokenizer.h"

namespace attnzoo {
namespace {

double share(int64_t part, int64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0; }

}  // namespace

double LabelScore::precision() const { return share(num_correct, num_predictions); }
double LabelScore::recall() const { return share(num_correct, num_references); }
double LabelScore::f1() const { return share(2 * num_correct, num_references + num_predictions); }

double ClassificationScore::accuracy() const { return static_cast<double>(num_correct) / static_cast<double>(num_texts); }
double ClassificationScore::macro_f1() const {
  double sum = 0;
  for (const auto& label : labels) sum += label.f1();
  return sum / static_cast<double>(labels.size());
}

nlohmann::json ClassificationScore::to_json() const {
  nlohmann::json fields = {
      {"accuracy", 100 * accuracy()}, {"macro_f1", 100 * macro_f1()}, {"texts", num_texts}, {"labels", nlohmann::json::array()}};
  for (const auto& label : labels)
    fields["labels"].push_back({{"label", label.label},
                                {"texts", label.num_references},
                                {"precision", 100 * label.precision()},
                                {"recall", 100 * label.recall()},
                                {"f1", 100 * label.f1()}});
  return fields;
}

std::string ClassificationScore::table() const {
  size_t width = 5;
  for (const auto& label : labels) width = std::max(width, count_characters(label.label));
  std::string text = fmt::format("{:{}}  precision  recall      F1  texts\n", "label", width);
  for (const auto& label : labels)
    text += fmt::format("{}{}  {:9.2f}  {:6.2f}  {:6.2f}  {:5}\n", label.label, std::string(width - count_characters(label.label), ' '),
                        100 * label.precision(), 100 * label.recall(), 100 * label.f1(), label.num_references);
  return text;
}

ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references) {
  if (predictions.size() != references.size())
    fail<DataError>("classification: {} predictions and {} references; equal counts are needed", predictions.size(), references.size());
  std::map<std::string, LabelScore> by_label;
  ClassificationScore score;
  score.num_texts = static_cast<int64_t>(references.size());
  for (size_t i = 0; i < references.size(); ++i) {
    const std::string reference(trimmed_label(references[i])), prediction(trimmed_label(predictions[i]));
    by_label[reference].num_references += 1;
    by_label[prediction].num_predictions += 1;
    if (prediction != reference) continue;
    by_label[reference].num_correct += 1;
    score.num_correct += 1;
  }
  for (auto& [label, counts] : by_label) {
    counts.label = label;
    score.labels.push_back(counts);
  }
  return score;
}

}  // namespace attnzoo
