// The training loss: label-smoothed cross-entropy of the output layer and its softmax, fused, so that no [P, V] tensor is ever kept.
//
// Szegedy et al. 2016 (section 7), with the smoothing e spread over all V words, the target included, as torch's
// cross_entropy(label_smoothing = e) has it:   loss = sum_p (1 - e) (-log p[target]) + e mean_v(-log p[v])
//
// The gradient of softmax and cross-entropy is known as soon as the logits are, so the forward pass makes logits for a few hundred
// rows at a time, turns them into their gradient in place, and at once multiplies that into the gradients of states, weight and bias
// (Hsu et al. 2024, Liger kernels, fused linear cross-entropy). The backward pass only hands these out.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

// Sums over the target tokens (double, in natural logarithms); `nll` has no smoothing: perplexity is exp(nll / num_tokens).
struct LossSums {
  double loss = 0;
  double nll = 0;
  int64_t num_tokens = 0;

  LossSums& operator+=(const LossSums& other);
  double loss_per_token() const;  // NaN without tokens
  double perplexity() const;      // NaN without tokens
};

// Rows of logits that exist at a time: enough for full matmul speed, few enough to stay in the cache (256 to 1024 measured alike).
inline constexpr int64_t kLossBlockRows = 512;

struct LossOptions {
  double smoothing = 0;  // e in [0, 1)
  // Multiplies the returned loss and all gradients (1 / tokens of the step), never `sums`.
  double scale = 1;
};

// states_PD, weight_VD, bias_V (may be undefined): the output layer's input, weight and bias. targets_P: int64 ids in [0, V).
// Returns options.scale * loss as a scalar that backward() can be called on, and adds to `sums`. Float on the CPU takes the fused
// kernel; any other type or device takes ATen's operators in the same blocks. Without gradients only the sums are made.
torch::Tensor label_smoothed_loss(const torch::Tensor& states_PD, const torch::Tensor& weight_VD, const torch::Tensor& bias_V,
                                  const torch::Tensor& targets_P, const LossOptions& options, LossSums& sums);

}  // namespace attnzoo
