// Batch normalisation with separate statistics for every time step (Cooijmans et al. 2017; Ioffe and Szegedy 2015):
//   y = (x - mean_t) / sqrt(variance_t + 1e-5) * weight + bias
// Weight and bias are shared by all steps and start at 1 and 0. (The paper starts weights at 0.1 to keep gates from saturating; here an
// output is normalised.)
//
// A step is a position in the sentence, in both directions of an encoder. Steps from 63 on share statistics.
// Training: mean and variance over the batch's rows at step t. A row alone at its step would become zeros, so it gets the running
//   statistics, as in evaluation, and does not change them.
// Evaluation: running statistics, r' = 0.9 r + 0.1 batch (unbiased variance) after every training pass. They start at mean 0 and
//   variance 1 and stay there for steps that no two sentences of a batch have reached.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

class StepBatchNorm : public torch::nn::Module {
 public:
  static constexpr int64_t kSteps = 64;
  static constexpr double kMomentum = 0.1, kEpsilon = 1e-5;

  explicit StepBatchNorm(int64_t dim);
  // x_PC: rows without padding, in any order. position_P: int64, each row's position in its sentence.
  torch::Tensor forward(const torch::Tensor& x_PC, const torch::Tensor& position_P) const;

  torch::Tensor weight, bias;                          // [C]
  torch::Tensor running_mean_KC, running_variance_KC;  // buffers, K = kSteps

 private:
  torch::Tensor normalize_batch(const torch::Tensor& x_PC, const torch::Tensor& step_P) const;
};

}  // namespace attnzoo
