// Dropout (Srivastava et al. 2014): in training, zeroes each element with probability p and multiplies the others by 1 / (1 - p). Float on
// the CPU uses the counter-based kernel, seeded once per call from torch's generator; everything else uses ATen's.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training);
// x + apply_dropout(y), in one pass.
torch::Tensor add_dropped(const torch::Tensor& x, const torch::Tensor& y, double p, bool training);
// A tensor of 0 and 1 / (1 - p), float on the CPU, for passes that multiply by it themselves.
torch::Tensor dropout_mask(at::IntArrayRef shape, double p);

// Variational dropout (Gal and Ghahramani 2016): one mask per sentence instead of one per position. [B, dim] of 0 and 1 / (1 - p), with the
// options' type and device. The same seed gives the same mask for all of them.
torch::Tensor sentence_dropout_mask(int64_t num_sentences, int64_t dim, double p, const torch::TensorOptions& options);
// x * mask if a mask is defined, else apply_dropout(x, p, training).
torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training, const torch::Tensor& mask);

}  // namespace attnzoo
