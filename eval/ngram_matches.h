// Counts the n-grams that two sequences share, which BLEU and chrF are computed from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attnzoo {

struct NgramMatches {
  int64_t in_hypothesis = 0, in_reference = 0;
  int64_t matched = 0;  // each n-gram counts as often as in the sequence with fewer of it
};

// One entry for each n from 1 to max_order. Symbols are numbers that stand for words or characters; equal numbers are equal symbols.
std::vector<NgramMatches> ngram_matches(std::span<const uint32_t> hypothesis, std::span<const uint32_t> reference, int64_t max_order);

}  // namespace attnzoo
