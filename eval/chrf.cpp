#include "eval/chrf.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/error.h"
#include "eval/metric_text.h"
#include "eval/ngram_matches.h"

namespace attnzoo {
namespace {

bool is_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// The characters and words of one line, as numbers.
class Symbols {
 public:
  Symbols(const std::string& line, const ChrfOptions& options, std::unordered_map<std::u32string, uint32_t>& word_numbers) {
    std::u32string text = code_points(line);
    if (options.lowercase) text = lowercase(text);
    const auto add = [&](std::u32string_view word) {
      words.push_back(word_numbers.try_emplace(std::u32string(word), static_cast<uint32_t>(word_numbers.size())).first->second);
    };
    for (const auto word : split_at_space(text)) {
      for (const char32_t c : word) characters.push_back(static_cast<uint32_t>(c));
      if (options.word_order == 0) continue;
      // As in sacrebleu, one punctuation character is split off: the last, or else the first. "(hi)" becomes "(hi" and ")".
      if (word.size() > 1 && is_punctuation(word.back())) {
        add(word.substr(0, word.size() - 1));
        add(word.substr(word.size() - 1));
      } else if (word.size() > 1 && is_punctuation(word.front())) {
        add(word.substr(0, 1));
        add(word.substr(1));
      } else {
        add(word);
      }
    }
  }

  std::vector<uint32_t> characters, words;
};

void add_matches(std::span<const uint32_t> hypothesis, std::span<const uint32_t> reference, int64_t max_order, NgramMatches* totals) {
  const auto matches = ngram_matches(hypothesis, reference, max_order);
  for (size_t n = 0; n < matches.size(); ++n) {
    // If the reference is too short for an order, the n-grams of the hypothesis are not counted against it.
    totals[n].in_hypothesis += matches[n].in_reference > 0 ? matches[n].in_hypothesis : 0;
    totals[n].in_reference += matches[n].in_reference;
    totals[n].matched += matches[n].matched;
  }
}

}  // namespace

std::string ChrfScore::text() const { return fmt::format("{} = {:.2f}", name, score); }

void add_chrf_counts(ChrfCounts& sum, const ChrfCounts& other, int64_t times) {
  for (size_t n = 0; n < sum.size(); ++n) {
    sum[n].in_hypothesis += times * other[n].in_hypothesis;
    sum[n].in_reference += times * other[n].in_reference;
    sum[n].matched += times * other[n].matched;
  }
}

std::vector<ChrfCounts> chrf_counts(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                    const ChrfOptions& options) {
  if (hypotheses.size() != references.size())
    fail<DataError>("chrF: {} hypotheses and {} references; equal counts are needed", hypotheses.size(), references.size());
  if (options.char_order < 1 || options.word_order < 0 || options.beta < 1)
    fail<ConfigError>("chrF: char_order must be at least 1, word_order at least 0 and beta at least 1, got {}, {} and {}",
                      options.char_order, options.word_order, options.beta);
  std::vector<ChrfCounts> sentences(hypotheses.size(), ChrfCounts(static_cast<size_t>(options.char_order + options.word_order)));
  std::unordered_map<std::u32string, uint32_t> word_numbers;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const Symbols hypothesis(hypotheses[i], options, word_numbers), reference(references[i], options, word_numbers);
    add_matches(hypothesis.characters, reference.characters, options.char_order, sentences[i].data());
    add_matches(hypothesis.words, reference.words, options.word_order, sentences[i].data() + options.char_order);
  }
  return sentences;
}

ChrfScore chrf_of(const ChrfCounts& counts, const ChrfOptions& options) {
  ChrfScore chrf;
  chrf.name = fmt::format("chrF{}{}", options.beta, std::string(static_cast<size_t>(options.word_order), '+'));
  chrf.signature = fmt::format("nrefs:1|case:{}|eff:yes|nc:{}|nw:{}|space:no|version:2.6.0", options.lowercase ? "lc" : "mixed",
                               options.char_order, options.word_order);
  double precision = 0, recall = 0;
  int64_t effective_order = 0;
  for (const auto& total : counts) {
    if (total.in_hypothesis == 0 || total.in_reference == 0) continue;
    precision += static_cast<double>(total.matched) / static_cast<double>(total.in_hypothesis);
    recall += static_cast<double>(total.matched) / static_cast<double>(total.in_reference);
    ++effective_order;
  }
  if (effective_order == 0) return chrf;
  precision /= static_cast<double>(effective_order);
  recall /= static_cast<double>(effective_order);
  const auto factor = static_cast<double>(options.beta * options.beta);
  if (precision + recall > 0) chrf.score = 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
  return chrf;
}

ChrfScore corpus_chrf(std::span<const std::string> hypotheses, std::span<const std::string> references, const ChrfOptions& options) {
  ChrfCounts total(static_cast<size_t>(std::max<int64_t>(options.char_order + options.word_order, 0)));
  for (const auto& sentence : chrf_counts(hypotheses, references, options)) add_chrf_counts(total, sentence);
  return chrf_of(total, options);
}

}  // namespace attnzoo
