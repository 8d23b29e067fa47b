// Which pairs make which batch: the planning behind data/batches.h, in flat arrays so that 10 million pairs take seconds and a few
// hundred MB at most (8 bytes a pair for the lengths, 8 for the order). Part of batches.cpp's and batch_stream.cpp's insides.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batches.h"

namespace attnzoo {

// The pairs of an epoch in training order, cut into batches.
struct EpochPlan {
  std::vector<int64_t> pair_ids;
  std::vector<int64_t> batch_begins;  // into pair_ids; one more entry than there are batches

  int64_t num_batches() const { return static_cast<int64_t>(batch_begins.size()) - 1; }
  std::span<const int64_t> batch(int64_t index) const {
    const auto begin = static_cast<size_t>(batch_begins[static_cast<size_t>(index)]);
    const auto end = static_cast<size_t>(batch_begins[static_cast<size_t>(index) + 1]);
    return std::span(pair_ids).subspan(begin, end - begin);
  }
};

class EpochPlanner {
 public:
  // Reads the lengths of all pairs once.
  EpochPlanner(const Corpus& corpus, const BatchConfig& config);

  // A pure function of corpus, config, seed and epoch: shuffle all pairs, sort each window of them by (longest side, source), cut it into
  // batches, shuffle these.
  EpochPlan plan(uint64_t seed, int64_t epoch) const;
  // plan(seed, epoch).num_batches(), at less cost: what finding the place of a position needs.
  int64_t count_batches(uint64_t seed, int64_t epoch) const;
  // Longest first, nothing shuffled.
  EpochPlan plan_in_order() const;

 private:
  // Tokens with </s>; `longest` of the two sides.
  struct Lengths {
    uint32_t longest, source;
  };
  std::vector<int64_t> shuffled(uint64_t seed, int64_t epoch) const;
  size_t window_size() const;
  BatchConfig config_;
  std::vector<Lengths> lengths_;
};

}  // namespace attnzoo
