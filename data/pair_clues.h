// Clues to whether two lines belong together, in any two languages: their lengths, and the numbers, addresses and words that they share.
//
// What a clue is worth is measured on the corpus itself. Each source of a sample is compared with its own target and with the target of
// another pair; the score of a pair is the natural logarithm of how much likelier its clues are for pairs that belong together than for two
// lines put together at random, the clues taken as independent (naive Bayes). So a corpus that never repeats a number in its target (as
// titles of texts do) learns that a missing number says nothing. Misaligned pairs in the sample would pass for what is usual; so each
// pair counts by the probability that it belongs together, which gives the share of misaligned pairs, too (expectation maximisation, as
// for a mixture of the two kinds). Lengths follow Gale and Church (1993): the deviation from the usual ratio, in characters, divided by
// the square root of the length.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace attnzoo {

// Of one line: hashes in ascending order, each once, at most 64 of a kind.
struct LineClues {
  int64_t length = 0;               // characters
  std::vector<uint64_t> numbers;    // runs of digits, without leading zeros
  std::vector<uint64_t> addresses;  // of the web and of e-mail
  std::vector<uint64_t> words;      // of four bytes or more, not all digits, in lower case (ASCII)
};
LineClues clues_of(std::string_view line);

inline constexpr size_t kNumClues = 4;
inline constexpr std::array<const char*, kNumClues> kClueNames = {"length", "numbers", "addresses", "words"};

class PairJudge {
 public:
  // Fewer pairs tell too little to judge by.
  static constexpr size_t kFewestPairs = 200;
  explicit PairJudge(const std::vector<std::pair<LineClues, LineClues>>& sample);
  // What each clue adds to the score of a pair.
  std::array<double, kNumClues> judge(const LineClues& source, const LineClues& target) const;
  // That a pair of such a score is misaligned.
  double probability(double score) const;
  // The share of misaligned pairs in the sample, and the mean score of the others: near zero, clues tell nothing about this text, or all of
  // it is misaligned.
  double share() const { return share_; }
  double information() const { return information_; }

 private:
  static constexpr size_t kNumOutcomes = 20;
  double deviation(int64_t source_length, int64_t target_length) const;
  std::array<size_t, kNumClues> outcomes(const LineClues& source, const LineClues& target) const;

  double share_ = 0.01, information_ = 0;
  double target_per_source_ = 1, centre_ = 0, spread_ = 1;
  std::array<std::array<double, kNumOutcomes>, kNumClues> worth_{};
};

}  // namespace attnzoo
