#include "models/layers/norm.h"

#include <ATen/ATen.h>

#include "data/error.h"
#include "models/layers/parameters.h"

namespace attnzoo {

Norm::Norm(const std::string& kind, int64_t dim) {
  if (kind != "layer" && kind != "rms") fail<ConfigError>("model.norm_kind: unknown normalisation '{}'; known: layer, rms", kind);
  weight = register_parameter("weight", torch::ones({dim}, parameter_options()));
  if (kind == "layer") bias = register_parameter("bias", torch::zeros({dim}, parameter_options()));
}

torch::Tensor Norm::forward(const torch::Tensor& x) const {
  if (bias.defined()) return at::layer_norm(x, weight.sizes(), weight, bias, 1e-5);
  return x * (x * x).mean(-1, true).add(1e-6).rsqrt() * weight;
}

std::shared_ptr<Norm> add_norm(torch::nn::Module& parent, const char* name, const std::string& kind, int64_t dim) {
  return parent.register_module(name, std::make_shared<Norm>(kind, dim));
}

}  // namespace attnzoo
