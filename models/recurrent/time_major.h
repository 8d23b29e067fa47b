// Packed rows in the order in which a recurrent network visits them: the first positions of all sentences, then the second ones. Sentences
// are sorted by length, longest first, so the active rows of a step are the first rows of the previous one, and padding costs nothing.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/layers/packing.h"

namespace attnzoo {

struct TimeMajor {
  std::vector<int64_t> order;       // rank r is sentence order[r]
  std::vector<int64_t> step_rows;   // active rows of each step, descending
  std::vector<int64_t> step_begin;  // first time-major row of each step
  torch::Tensor order_B;            // `order` as a tensor
  torch::Tensor from_packed_P;      // time-major row i is packed row from_packed_P[i]
  torch::Tensor to_packed_P;        // the inverse

  // `reversed`: visits each sentence from its last token to its first.
  TimeMajor(const Packing& packing, bool reversed);
  int64_t num_steps() const { return static_cast<int64_t>(step_rows.size()); }
  int64_t num_rows() const { return from_packed_P.size(0); }
  // One row per sentence, in order of ranks, as one per time-major row.
  torch::Tensor spread(const torch::Tensor& per_rank_BX) const;
  // The rows of step t of a time-major tensor.
  torch::Tensor step(const torch::Tensor& rows, int64_t t) const {
    return rows.narrow(0, step_begin[static_cast<size_t>(t)], step_rows[static_cast<size_t>(t)]);
  }
};

}  // namespace attnzoo
