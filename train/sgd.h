// Stochastic gradient descent with momentum:  m = momentum m + g,  w -= lr m.
#pragma once

#include "train/optimizer.h"

namespace attnzoo {

class Sgd : public Optimizer {
 public:
  Sgd(const OptimizerConfig& config, NamedTensors parameters);
  void step(double learning_rate, double gradient_factor) override;
  NamedTensors state() const override;

 private:
  OptimizerConfig config_;
  NamedTensors momentum_;
};

}  // namespace attnzoo
