#include "models/layers/layer_norm.h"

#include <ATen/ATen.h>

namespace attnzoo {

LayerNorm::LayerNorm(int64_t dim) {
  weight = register_parameter("weight", torch::ones({dim}));
  bias = register_parameter("bias", torch::zeros({dim}));
}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) const { return at::layer_norm(x, weight.sizes(), weight, bias, 1e-5); }

std::shared_ptr<LayerNorm> add_layer_norm(torch::nn::Module& parent, const char* name, int64_t dim) {
  return parent.register_module(name, std::make_shared<LayerNorm>(dim));
}

}  // namespace attnzoo
