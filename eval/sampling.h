// Drawing the next token at random from a row of logits, and the random numbers for it.
#pragma once

#include <cstdint>
#include <span>

#include "eval/row_top_k.h"

namespace attnzoo {

struct SamplingOptions {
  // Logits are divided by it: below 1 the likely becomes likelier. Above 0.
  double temperature = 1.0;
  // Only the k likeliest tokens (Fan et al. 2018); 0: all.
  int64_t top_k = 0;
  // Only the likeliest tokens that together have this probability (Holtzman et al. 2020); in (0, 1].
  double top_p = 1.0;
};

// The token at `uniform` in [0, 1) of the cumulative distribution; its log_probability is the model's, without these options. Throws Error
// where nothing can be drawn: logits that are not numbers, everything banned.
RankedToken sample_token(const float* row, int64_t num_logits, std::span<const int32_t> banned, const SamplingOptions& options,
                         double uniform);

// A number in [0, 1) that is a pure function of its arguments (splitmix64): which text, which of its samples, which step.
double random_uniform(uint64_t seed, uint64_t text, uint64_t sample, uint64_t step);

}  // namespace attnzoo
