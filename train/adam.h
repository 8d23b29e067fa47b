// Adam and AdamW over LibTorch's fused kernels (at::_fused_adam_, at::_fused_adamw_): moments and weights in one pass over memory.
//
//   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
// adam adds weight_decay * w to g first; adamw does w -= lr * weight_decay * w instead.
#pragma once

#include <vector>

#include "train/optimizer.h"

namespace attnzoo {

class Adam : public Optimizer {
 public:
  Adam(const OptimizerConfig& config, NamedTensors parameters);
  void step(double learning_rate, double gradient_factor) override;
  NamedTensors state() const override;

 private:
  struct Moments {
    torch::Tensor first, second;
  };
  // The fused kernel over the parameters that have a gradient and do (or do not) decay.
  void update(bool decayed, double learning_rate, const std::optional<torch::Tensor>& gradient_divisor);

  OptimizerConfig config_;
  std::map<std::string, Moments> moments_;
  torch::Tensor step_;  // float scalar, the t of the formula
};

}  // namespace attnzoo
