// Attention weights from scores: rows that sum to 1. Softmax gives every key some weight; sparsemax (Martins and Astudillo 2016) and
// entmax-1.5 (Peters et al. 2019) give exact zeros. They are alpha-entmax with alpha = 1, 2 and 1.5.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace attnzoo {

enum class Normalization { kSoftmax, kSparsemax, kEntmax15 };

// "softmax", "sparsemax", "entmax15"; ConfigError otherwise.
Normalization normalization_of(const std::string& name);
const std::vector<std::string>& normalization_names();

// The score of a masked key.
inline constexpr double kMaskedScore = -1e9;

// scores [.., S] -> weights [.., S] over the last dimension. A masked key (score of -1e9 or less) gets 0; a row of masked keys gets finite
// weights. Differentiable once; traceable.
//   sparsemax: w = max(z - tau, 0),           entmax-1.5: w = max(z / 2 - tau, 0)^2,          tau such that the row sums to 1
torch::Tensor normalize_scores(const torch::Tensor& scores, Normalization normalization);

}  // namespace attnzoo
