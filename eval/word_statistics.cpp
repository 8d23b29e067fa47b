#include "eval/word_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "eval/metric_text.h"
#include "eval/metric_tokenize.h"

namespace attnzoo {
namespace {

std::vector<std::u32string> words_of(const std::string& line) {
  const auto text = metric_tokenize(code_points(line), "13a");
  std::vector<std::u32string> words;
  for (const auto word : split_at_space(text)) words.emplace_back(word);
  return words;
}

size_t bucket_of(int64_t count) {
  size_t bucket = 0;
  while (bucket + 1 < std::size(kFrequencyBuckets) && count >= kFrequencyBuckets[bucket + 1]) ++bucket;
  return bucket;
}

double share(int64_t part, int64_t all) { return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : std::nan(""); }

}  // namespace

void count_words(const std::string& line, WordCounts& counts) {
  for (const auto& word : words_of(line)) ++counts[word];
}

int64_t num_words(const std::string& line) { return static_cast<int64_t>(words_of(line).size()); }

std::vector<std::string> frequency_bucket_names() {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kFrequencyBuckets); ++i) {
    const int64_t low = kFrequencyBuckets[i];
    if (i + 1 == std::size(kFrequencyBuckets))
      names.push_back(fmt::format("{}+", low));
    else
      names.push_back(kFrequencyBuckets[i + 1] - 1 == low ? fmt::format("{}", low)
                                                          : fmt::format("{}-{}", low, kFrequencyBuckets[i + 1] - 1));
  }
  return names;
}

double WordAccuracy::f1() const { return share(2 * matched, in_hypotheses + in_references); }

std::vector<WordAccuracy> accuracy_by_frequency(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                                const WordCounts& training) {
  std::vector<WordAccuracy> buckets(std::size(kFrequencyBuckets));
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    WordCounts hypothesis, reference;
    count_words(hypotheses[i], hypothesis);
    count_words(references[i], reference);
    const auto bucket = [&](const std::u32string& word) -> WordAccuracy& {
      const auto found = training.find(word);
      return buckets[bucket_of(found == training.end() ? 0 : found->second)];
    };
    for (const auto& [word, count] : hypothesis) {
      bucket(word).in_hypotheses += count;
      if (const auto found = reference.find(word); found != reference.end()) bucket(word).matched += std::min(count, found->second);
    }
    for (const auto& [word, count] : reference) bucket(word).in_references += count;
  }
  return buckets;
}

WordShares word_shares(std::span<const std::string> hypotheses, std::span<const std::string> sources) {
  int64_t all = 0, copied = 0, repeated = 0;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    std::set<std::u32string> given;
    if (i < sources.size())
      for (auto& word : words_of(sources[i])) given.insert(std::move(word));
    const auto words = words_of(hypotheses[i]);
    for (size_t k = 0; k < words.size(); ++k) {
      if (words[k].size() < 2) continue;
      ++all;
      copied += given.count(words[k]) > 0;
      repeated += k > 0 && words[k] == words[k - 1];
    }
  }
  return {share(copied, all), share(repeated, all)};
}

}  // namespace attnzoo
