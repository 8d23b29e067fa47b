#include "eval/bleu.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>
#include <vector>

#include "data/error.h"
#include "eval/metric_text.h"
#include "eval/metric_tokenize.h"
#include "eval/ngram_matches.h"

namespace attnzoo {
namespace {

// Gives every different word a number.
class WordNumbers {
 public:
  std::vector<uint32_t> operator()(const std::string& line, const BleuOptions& options) {
    std::u32string text = code_points(line);
    if (options.lowercase) text = lowercase(text);
    while (!text.empty() && is_metric_space(text.back())) text.pop_back();
    text = metric_tokenize(text, options.tokenize);
    std::vector<uint32_t> numbers;
    for (const auto word : split_at_space(text))
      numbers.push_back(numbers_.try_emplace(std::u32string(word), static_cast<uint32_t>(numbers_.size())).first->second);
    return numbers;
  }

 private:
  std::unordered_map<std::u32string, uint32_t> numbers_;
};

}  // namespace

std::string BleuScore::text() const {
  const double ratio = reference_length > 0 ? static_cast<double>(hypothesis_length) / static_cast<double>(reference_length) : 0.0;
  return fmt::format("BLEU = {:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len = {})", score,
                     precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, ratio, hypothesis_length,
                     reference_length);
}

BleuCounts& BleuCounts::add(const BleuCounts& other, int64_t times) {
  for (size_t n = 0; n < 4; ++n) {
    matched[n] += times * other.matched[n];
    in_hypothesis[n] += times * other.in_hypothesis[n];
  }
  hypothesis_length += times * other.hypothesis_length;
  reference_length += times * other.reference_length;
  return *this;
}

std::vector<BleuCounts> bleu_counts(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                    const BleuOptions& options) {
  if (hypotheses.size() != references.size())
    fail<DataError>("BLEU: {} hypotheses and {} references; equal counts are needed", hypotheses.size(), references.size());
  std::vector<BleuCounts> sentences(hypotheses.size());
  WordNumbers word_numbers;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const auto hypothesis = word_numbers(hypotheses[i], options), reference = word_numbers(references[i], options);
    sentences[i].hypothesis_length = static_cast<int64_t>(hypothesis.size());
    sentences[i].reference_length = static_cast<int64_t>(reference.size());
    const auto matches = ngram_matches(hypothesis, reference, 4);
    for (size_t n = 0; n < 4; ++n) {
      sentences[i].in_hypothesis[n] = matches[n].in_hypothesis;
      sentences[i].matched[n] = matches[n].matched;
    }
  }
  return sentences;
}

namespace {

double brevity_penalty(const BleuCounts& counts) {
  if (counts.hypothesis_length >= counts.reference_length) return 1;
  return counts.hypothesis_length == 0
             ? 0.0
             : std::exp(1 - static_cast<double>(counts.reference_length) / static_cast<double>(counts.hypothesis_length));
}

// In percent. The first order without a match counts as half a match, the second as a quarter, and so on (mteval-v13a).
std::array<double, 4> smoothed_precisions(const BleuCounts& counts) {
  std::array<double, 4> precisions{};
  double smoothing = 1;
  for (size_t n = 0; n < 4; ++n) {
    const auto total = static_cast<double>(counts.in_hypothesis[n]);
    if (counts.matched[n] > 0) {
      precisions[n] = 100.0 * static_cast<double>(counts.matched[n]) / total;
    } else if (total > 0) {
      smoothing *= 2;
      precisions[n] = 100.0 / (smoothing * total);
    }
  }
  return precisions;
}

}  // namespace

BleuScore bleu_of(const BleuCounts& counts, const BleuOptions& options) {
  BleuScore bleu;
  bleu.signature =
      fmt::format("nrefs:1|case:{}|eff:no|tok:{}|smooth:exp|version:2.6.0", options.lowercase ? "lc" : "mixed", options.tokenize);
  bleu.hypothesis_length = counts.hypothesis_length;
  bleu.reference_length = counts.reference_length;
  bleu.brevity_penalty = brevity_penalty(counts);
  if (counts.matched[0] == 0) return bleu;  // without unigram matches, there are none of any order
  bleu.precisions = smoothed_precisions(counts);
  double sum_of_logs = 0;
  for (const double precision : bleu.precisions)
    sum_of_logs += precision > 0 ? std::log(precision) : -9999999999.0;  // sacrebleu's floor: the score is 0
  bleu.score = bleu.brevity_penalty * std::exp(sum_of_logs / 4);
  return bleu;
}

double sentence_bleu(const BleuCounts& counts) {
  if (counts.matched[0] == 0) return 0;
  const auto precisions = smoothed_precisions(counts);
  double sum_of_logs = 0;
  int num_orders = 0;
  for (; num_orders < 4 && counts.in_hypothesis[static_cast<size_t>(num_orders)] > 0; ++num_orders)
    sum_of_logs += std::log(precisions[static_cast<size_t>(num_orders)]);
  return brevity_penalty(counts) * std::exp(sum_of_logs / num_orders);
}

BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references, const BleuOptions& options) {
  BleuCounts total;
  for (const auto& sentence : bleu_counts(hypotheses, references, options)) total.add(sentence);
  return bleu_of(total, options);
}

}  // namespace attnzoo
