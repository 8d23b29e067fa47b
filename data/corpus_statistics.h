// What the ids of a prepared corpus tell: lengths, coverage of the vocabulary, pairs that repeat. Each reads a corpus once, in its order.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "data/tokenizer.h"

namespace attnzoo {

// Which side of a corpus to look at: &Corpus::source or &Corpus::target.
using CorpusSide = std::span<const int32_t> (Corpus::*)(int64_t) const;

// counts[length]: pairs whose side has so many tokens.
std::vector<int64_t> count_lengths(const Corpus& corpus, CorpusSide side);

struct LengthSummary {
  int64_t num_lines = 0;
  double mean = 0;
  size_t median = 0, p99 = 0, longest = 0;
};
LengthSummary summary_of(const std::vector<int64_t>& counts);

// At most about `num_bins` ranges of equal width up to the 99th percentile, and one for the long tail where there is one.
struct LengthBin {
  size_t from = 0, to = 0;  // to: inclusive
  int64_t count = 0;
  bool tail = false;
};
std::vector<LengthBin> length_bins(const std::vector<int64_t>& counts, size_t num_bins);

struct Coverage {
  int64_t num_tokens = 0, num_unknown = 0;
  int64_t num_copied = 0;                // ids past the vocabulary (data/extended_vocabulary.h)
  int64_t num_bytes = 0;                 // pieces of SentencePiece that are one byte of a character without a piece
  int64_t num_used = 0, num_usable = 0;  // pieces, without special ones and bytes
  std::vector<int64_t> uses;             // by id
  // How often each character was written as bytes; of very many, the first ones.
  std::map<std::string, int64_t> characters_as_bytes;
};
Coverage coverage_of(const Corpus& corpus, CorpusSide side, const Tokenizer& tokenizer);

// Pairs that repeat an earlier one; lines of `valid` whose side is in `train` too.
int64_t count_repeated_pairs(const Corpus& corpus);
int64_t count_seen_in_training(const Corpus& train, const Corpus& valid, CorpusSide side);

// Pairs by the target's length divided by the source's, in tokens.
struct LengthRatios {
  static constexpr double kEdges[] = {0.25, 1.0 / 3, 0.5, 2.0 / 3, 0.8, 1.25, 1.5, 2, 3, 4};
  std::vector<int64_t> counts = std::vector<int64_t>(std::size(kEdges) + 1);  // counts[k]: kEdges[k - 1] <= ratio < kEdges[k]
  // Pairs whose longer side is more than so many times as long as the shorter one: what clean.ratio acts on.
  static constexpr double kLimits[] = {1.5, 2, 3, 4, 9};
  std::vector<int64_t> above = std::vector<int64_t>(std::size(kLimits));
  int64_t num_empty = 0;  // a side has no token; they are in neither count
};
LengthRatios length_ratios(const Corpus& corpus);

}  // namespace attnzoo
