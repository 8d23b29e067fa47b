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

BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references, const BleuOptions& options) {
  if (hypotheses.size() != references.size())
    fail<DataError>("BLEU: {} hypotheses and {} references; equal counts are needed", hypotheses.size(), references.size());
  BleuScore bleu;
  bleu.signature =
      fmt::format("nrefs:1|case:{}|eff:no|tok:{}|smooth:exp|version:2.6.0", options.lowercase ? "lc" : "mixed", options.tokenize);
  std::array<NgramMatches, 4> totals{};
  WordNumbers word_numbers;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const auto hypothesis = word_numbers(hypotheses[i], options), reference = word_numbers(references[i], options);
    bleu.hypothesis_length += static_cast<int64_t>(hypothesis.size());
    bleu.reference_length += static_cast<int64_t>(reference.size());
    const auto matches = ngram_matches(hypothesis, reference, 4);
    for (size_t n = 0; n < 4; ++n) {
      totals[n].in_hypothesis += matches[n].in_hypothesis;
      totals[n].matched += matches[n].matched;
    }
  }

  if (bleu.hypothesis_length < bleu.reference_length) {
    bleu.brevity_penalty = bleu.hypothesis_length == 0
                               ? 0.0
                               : std::exp(1 - static_cast<double>(bleu.reference_length) / static_cast<double>(bleu.hypothesis_length));
  }
  if (totals[0].matched == 0) return bleu;  // without unigram matches, there are none of any order
  double smoothing = 1, sum_of_logs = 0;
  for (size_t n = 0; n < 4; ++n) {
    const auto total = static_cast<double>(totals[n].in_hypothesis);
    if (totals[n].matched > 0) {
      bleu.precisions[n] = 100.0 * static_cast<double>(totals[n].matched) / total;
    } else if (total > 0) {
      // The first order without a match counts as half a match, the second as a quarter, and so on (mteval-v13a).
      smoothing *= 2;
      bleu.precisions[n] = 100.0 / (smoothing * total);
    }
    sum_of_logs += bleu.precisions[n] > 0 ? std::log(bleu.precisions[n]) : -9999999999.0;  // sacrebleu's floor: the score is 0
  }
  bleu.score = bleu.brevity_penalty * std::exp(sum_of_logs / 4);
  return bleu;
}

}  // namespace attnzoo
