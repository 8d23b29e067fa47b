// Batch normalisation with statistics of their own for every time step (Cooijmans et al. 2017; Ioffe and Szegedy 2015):
//   y = (x - mean_t) / sqrt(variance_t + 1e-5) * weight + bias
// Weight and bias are the same at every step; they start at 1 and 0. (The paper's 0.1 keeps gates from saturating; what is normalised here
// is an output.)
//
// A step is a position in the sentence, in both directions of an encoder. Steps from 63 on count as one.
// Training: mean and variance over the rows of the batch that stand at step t. Alone at its step a row would come out as zeros, so it gets
//   the running statistics, as in evaluation, and leaves them as they are.
// Evaluation: the running statistics, r' = 0.9 r + 0.1 batch (the variance unbiased) after every training pass. They start at mean 0 and
//   variance 1, where steps stay that no two sentences of a batch ever reached.
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
  // x_PC: rows without padding, in any order; position_P: int64, each row's place in its sentence.
  torch::Tensor forward(const torch::Tensor& x_PC, const torch::Tensor& position_P) const;

  torch::Tensor weight, bias;                          // [C]
  torch::Tensor running_mean_KC, running_variance_KC;  // buffers, K = kSteps

 private:
  torch::Tensor normalize_batch(const torch::Tensor& x_PC, const torch::Tensor& step_P) const;
};

}  // namespace attnzoo
