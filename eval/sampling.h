// Draws the next token at random from a row of logits, and makes the random numbers for it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "eval/row_top_k.h"

namespace attnzoo {

struct SamplingOptions {
  // Logits are divided by this; below 1, likely tokens become likelier. Above 0.
  double temperature = 1.0;
  // Draw from the k likeliest tokens only (Fan et al. 2018); 0: from all.
  int64_t top_k = 0;
  // Draw from the fewest, likeliest tokens whose probabilities add up to this (Holtzman et al. 2020); in (0, 1].
  double top_p = 1.0;
};

// The token at `uniform` in [0, 1) of the cumulative distribution over the tokens that are not in `banned`; none if all that are left have
// probability 0. Its log_probability is the model's, unaffected by these options. Throws Error for logits that are not numbers.
std::optional<RankedToken> sample_token(const float* row, int64_t num_logits, std::span<const int32_t> banned,
                                        const SamplingOptions& options, double uniform);

// A number in [0, 1), a pure function of the seed, the text's number, the sample's number within the text, and the step (splitmix64).
double random_uniform(uint64_t seed, uint64_t text, uint64_t sample, uint64_t step);

}  // namespace attnzoo
