// Packed rows in the order in which a recurrent network visits them: all sentences' first positions, then all second ones. Sentences are
// sorted by length, longest first, so the active rows of every step are the first ones of the step before: no work on padding.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/layers/packing.h"

namespace attnzoo {

struct TimeMajor {
  std::vector<int64_t> order;       // rank r works on sentence order[r]
  std::vector<int64_t> step_rows;   // active rows of each step, never growing
  std::vector<int64_t> step_begin;  // first time-major row of each step
  torch::Tensor order_B;            // `order` as a tensor
  torch::Tensor from_packed_P;      // time-major row i is packed row from_packed_P[i]
  torch::Tensor to_packed_P;        // the inverse

  // `reversed`: each sentence is visited from its last token to its first.
  TimeMajor(const Packing& packing, bool reversed);
  int64_t num_steps() const { return static_cast<int64_t>(step_rows.size()); }
  int64_t num_rows() const { return from_packed_P.size(0); }
  // One row a sentence, in the order of ranks, as one a time-major row.
  torch::Tensor spread(const torch::Tensor& per_rank_BX) const;
  // The rows of step t of a time-major tensor.
  torch::Tensor step(const torch::Tensor& rows, int64_t t) const {
    return rows.narrow(0, step_begin[static_cast<size_t>(t)], step_rows[static_cast<size_t>(t)]);
  }
};

}  // namespace attnzoo
