// The inner loop of the loss on the CPU: rows of logits become, in place, the gradient of their label-smoothed cross-entropy.
#pragma once

#include <cstdint>

namespace attnzoo {

struct SoftmaxGradient {
  int64_t vocabulary_size = 0;
  float smoothing = 0;       // e, spread over the whole vocabulary
  float gradient_scale = 1;  // multiplies the gradients, not the losses
};

// For each of num_rows rows x of logits_RV (contiguous; bias_V is added first, may be null), with p = softmax(x):
//   nll    = -log p[target]
//   loss   = (1 - e) nll + e mean_v(-log p[v])
//   x     := gradient_scale * (p - (1 - e) onehot(target) - e / V)
//   bias_gradient_V += the new x (null: not wanted)
// Runs on the calling thread.
void softmax_gradient_rows(const SoftmaxGradient& settings, float* logits_RV, const float* bias_V, const int64_t* target_R,
                           int64_t num_rows, float* bias_gradient_V, double* loss_R, double* nll_R);

}  // namespace attnzoo
