// The log-softmax of a row of logits and its k best tokens, which the search needs of every row at every step.
//
// The result for a row depends on the logits of that row alone, to the last bit: not on the other rows of the batch or on the thread.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <vector>

namespace attnzoo {

struct RankedToken {
  int32_t id;
  double log_probability;  // at most 0
};

// log(sum of exp(row[i])) of contiguous floats. Not finite if a logit is NaN or +infinity, or if all are -infinity.
double row_log_sum_exp(const float* row, int64_t num_logits);

// Writes to `best` the k tokens with the highest logits that are not in `banned`, best first, ties in order of id; fewer if fewer have a
// probability above 0. Banned tokens keep their share of the softmax. Throws Error for a row whose log_sum_exp is not finite.
void row_top_k(const float* row, int64_t num_logits, int64_t k, std::span<const int32_t> banned, std::vector<RankedToken>& best);

// The same for every row of logits_NV, on any device and in any floating type: best[n] holds the tokens of row n without banned[n].
void top_k_of_rows(const torch::Tensor& logits_NV, int64_t k, const std::vector<std::vector<int32_t>>& banned,
                   std::vector<std::vector<RankedToken>>& best);

}  // namespace attnzoo
