// How many n-grams two sequences share: the count that BLEU and chrF are made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attnzoo {

struct NgramMatches {
  int64_t in_hypothesis = 0, in_reference = 0;
  int64_t matched = 0;  // each n-gram as often as in the sequence that has fewer of it
};

// For every n in 1 .. max_order. Symbols are words or characters by number; equal numbers mean equal symbols.
std::vector<NgramMatches> ngram_matches(std::span<const uint32_t> hypothesis, std::span<const uint32_t> reference, int64_t max_order);

}  // namespace attnzoo
