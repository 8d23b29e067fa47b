// y = x W^T + b, and what follows it; in a frozen model the packed kernel.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/part.h"

namespace attnzoo {

class Linear : public Part {
 public:
  // Weights: Xavier uniform (Glorot and Bengio 2010); `gain` scales them. Bias: zeros.
  Linear(int64_t num_inputs, int64_t num_outputs, bool with_bias = true, double gain = 1.0);
  // [.., inputs] -> [.., outputs]
  torch::Tensor forward(const torch::Tensor& x, const kernels::Epilogue& epilogue = {}) const;

  torch::Tensor weight;  // [outputs, inputs]
  torch::Tensor bias;    // [outputs]; undefined without bias

 protected:
  void pack(Compute compute) override { packed_ = kernels::pack_linear(weight, bias, compute); }
  void unpack() override { packed_.reset(); }

 private:
  std::shared_ptr<const kernels::PackedLinear> packed_;
};

// Creates and registers one: query = add_linear(*this, "query", D, D).
std::shared_ptr<Linear> add_linear(torch::nn::Module& parent, const char* name, int64_t num_inputs, int64_t num_outputs,
                                   bool with_bias = true, double gain = 1.0);

}  // namespace attnzoo
