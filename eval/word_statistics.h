// What scores hide: which words are right by how often training saw them, and how much of an output is copied or repeated.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace attnzoo {

// How often each word (as BLEU counts words) occurs in lines of text.
using WordCounts = std::unordered_map<std::u32string, int64_t>;
void count_words(const std::string& line, WordCounts& counts);
int64_t num_words(const std::string& line);

// Words by their number in the training text: kFrequencyBuckets[i] up to kFrequencyBuckets[i + 1] - 1.
inline constexpr int64_t kFrequencyBuckets[] = {0, 1, 2, 5, 10, 100, 1000};
std::vector<std::string> frequency_bucket_names();  // "0", "1", "2-4", .., "1000+"

struct WordAccuracy {
  int64_t in_hypotheses = 0, in_references = 0, matched = 0;  // words, matched within a sentence
  double f1() const;                                          // 0 .. 1; NaN where there are none
};
// One for each bucket.
std::vector<WordAccuracy> accuracy_by_frequency(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                                const WordCounts& training);

// The share of an output's words, of two or more letters, that stand in its source as well; that follow directly on the same word.
struct WordShares {
  double copied = 0, repeated = 0;
};
WordShares word_shares(std::span<const std::string> hypotheses, std::span<const std::string> sources);

}  // namespace attnzoo
