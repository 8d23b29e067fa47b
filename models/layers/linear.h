// y = x W^T + b. ATen's linear in training and tracing; in CPU inference the packed kernel, whose rows do not depend on the batch.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/kernels/gemm.h"

namespace attnzoo {

class Linear : public torch::nn::Module {
 public:
  // Weights: Xavier uniform (Glorot and Bengio 2010); `gain` scales them. Bias: zeros.
  Linear(int64_t num_inputs, int64_t num_outputs, bool with_bias = true, double gain = 1.0);
  // [.., inputs] -> [.., outputs]
  torch::Tensor forward(const torch::Tensor& x) const { return packed_.linear(x, weight, bias, is_training()); }
  void train(bool on = true) override;

  torch::Tensor weight;  // [outputs, inputs]
  torch::Tensor bias;    // [outputs]; undefined without bias

 private:
  mutable kernels::PackedWeightCache packed_;
};

// Creates and registers one: query = add_linear(*this, "query", D, D).
std::shared_ptr<Linear> add_linear(torch::nn::Module& parent, const char* name, int64_t num_inputs, int64_t num_outputs,
                                   bool with_bias = true, double gain = 1.0);

}  // namespace attnzoo
