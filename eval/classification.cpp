#include "eval/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/progress.h"
#include "data/utf8.h"
#include "data/vocabulary_tokenizer.h"

namespace attnzoo {
namespace {

constexpr size_t kMostTabled = 12, kMostListed = 10;

double share(int64_t part, int64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0; }

size_t label_width(const std::vector<LabelScore>& labels) {
  size_t width = 5;
  for (const auto& label : labels) width = std::max(width, count_characters(label.label));
  return width;
}

std::string padded(const std::string& label, size_t width) { return label + std::string(width - count_characters(label), ' '); }

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
  // Pairs without texts are left out: of many labels they are most of all pairs.
  fields["confusion"] = nlohmann::json::array();
  for (const auto& pair : pairs)
    fields["confusion"].push_back(
        {{"label", labels[pair.reference].label}, {"predicted", labels[pair.prediction].label}, {"texts", pair.num_texts}});
  return fields;
}

std::string ClassificationScore::table() const {
  const size_t width = label_width(labels);
  std::string text = fmt::format("{:{}}  precision  recall      F1  texts\n", "label", width);
  for (const auto& label : labels)
    text += fmt::format("{}  {:9.2f}  {:6.2f}  {:6.2f}  {:5}\n", padded(label.label, width), 100 * label.precision(), 100 * label.recall(),
                        100 * label.f1(), label.num_references);
  return text;
}

std::string ClassificationScore::confusions() const {
  if (num_correct == num_texts) return "";
  std::string text;
  if (labels.size() > kMostTabled) {
    std::vector<LabelPair> wrong;
    std::ranges::copy_if(pairs, std::back_inserter(wrong), [](const LabelPair& pair) { return pair.reference != pair.prediction; });
    std::ranges::stable_sort(wrong, std::greater(), &LabelPair::num_texts);
    text = "most frequent confusions:\n";
    for (const auto& pair : std::span(wrong).first(std::min(wrong.size(), kMostListed)))
      text += fmt::format("  {} of {} of '{}' labelled '{}'\n", pair.num_texts, counted(labels[pair.reference].num_references, "text"),
                          labels[pair.reference].label, labels[pair.prediction].label);
    return text;
  }
  // Columns are numbered as the lines are: the labels themselves may be long.
  const size_t width = label_width(labels), column = std::max<size_t>(fmt::formatted_size("{}", num_texts), 3) + 1;
  text = fmt::format("texts by label (line) and predicted label (column, numbered as the lines)\n{:{}}", "", width + 3);
  for (size_t j = 0; j < labels.size(); ++j) text += fmt::format("{:{}}", j + 1, column);
  auto pair = pairs.begin();
  for (size_t i = 0; i < labels.size(); ++i) {
    text += fmt::format("\n{:2} {}", i + 1, padded(labels[i].label, width));
    for (size_t j = 0; j < labels.size(); ++j) {
      const bool counted_here = pair != pairs.end() && pair->reference == i && pair->prediction == j;
      text += fmt::format("{:{}}", counted_here ? pair++->num_texts : 0, column);
    }
  }
  return text + "\n";
}

ClassificationScore score_labels(std::span<const std::string> predictions, std::span<const std::string> references) {
  if (predictions.size() != references.size())
    fail<DataError>("classification: {} predictions and {} references; equal counts are needed", predictions.size(), references.size());
  std::map<std::string, LabelScore> by_label;
  std::map<std::pair<std::string, std::string>, int64_t> by_pair;
  ClassificationScore score;
  score.num_texts = static_cast<int64_t>(references.size());
  for (size_t i = 0; i < references.size(); ++i) {
    const std::string reference(trimmed_label(references[i])), prediction(trimmed_label(predictions[i]));
    by_label[reference].num_references += 1;
    by_label[prediction].num_predictions += 1;
    by_pair[{reference, prediction}] += 1;
    if (prediction != reference) continue;
    by_label[reference].num_correct += 1;
    score.num_correct += 1;
  }
  std::map<std::string, size_t> index;
  for (auto& [label, counts] : by_label) {
    counts.label = label;
    index.emplace(label, score.labels.size());
    score.labels.push_back(counts);
  }
  for (const auto& [pair, num_texts] : by_pair) score.pairs.push_back({index[pair.first], index[pair.second], num_texts});
  return score;
}

}  // namespace attnzoo
