// Layer normalisation over the last dimension (Ba et al. 2016): y = (x - mean) / sqrt(variance + 1e-5) * weight + bias.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

namespace attnzoo {

class LayerNorm : public torch::nn::Module {
 public:
  explicit LayerNorm(int64_t dim);
  torch::Tensor forward(const torch::Tensor& x) const;
  torch::Tensor weight, bias;  // [dim]
};

std::shared_ptr<LayerNorm> add_layer_norm(torch::nn::Module& parent, const char* name, int64_t dim);

}  // namespace attnzoo
