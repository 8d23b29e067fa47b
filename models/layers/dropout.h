// Dropout (Srivastava et al. 2014): in training each element is zeroed with probability p and the others are multiplied by 1 / (1 - p); in
// evaluation nothing happens. Float on the CPU takes the counter-based kernel, seeded from torch's generator once a call; all else ATen's.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training);
// A tensor of 0 and 1 / (1 - p), float on the CPU, for passes that apply it themselves.
torch::Tensor dropout_mask(at::IntArrayRef shape, double p);

// Variational dropout (Gal and Ghahramani 2016): one mask a sentence and use instead of one a position. [B, dim] of 0 and 1 / (1 - p),
// with the type and device of the options. The same seed gives the same mask whatever they are.
torch::Tensor sentence_dropout_mask(int64_t num_sentences, int64_t dim, double p, const torch::TensorOptions& options);
// x * mask where there is a mask, else apply_dropout(x, p, training).
torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training, const torch::Tensor& mask);

}  // namespace attnzoo
