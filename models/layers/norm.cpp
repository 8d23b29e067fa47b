#include "models/layers/norm.h"

#include <ATen/ATen.h>

#include "data/error.h"
#include "data/parallel.h"
#include "models/kernels/new_floats.h"
#include "models/kernels/norm_rows.h"
#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

constexpr double kLayerEpsilon = 1e-5, kRmsEpsilon = 1e-6;

}  // namespace

Norm::Norm(const std::string& kind, int64_t dim) {
  if (kind != "layer" && kind != "rms") fail<ConfigError>("model.norm_kind: unknown normalisation '{}'; known: layer, rms", kind);
  weight = register_parameter("weight", torch::ones({dim}, parameter_options()));
  if (kind == "layer") bias = register_parameter("bias", torch::zeros({dim}, parameter_options()));
}

torch::Tensor Norm::forward(const torch::Tensor& x) const {
  if (frozen()) {
    const auto rows = x.contiguous();
    auto out = kernels::new_floats(x.sizes());
    const int64_t dim = weight.size(0), num_rows = x.numel() / dim;
    const float *in = rows.const_data_ptr<float>(), *scale = weight.const_data_ptr<float>();
    const float* shift = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
    float* to = out.mutable_data_ptr<float>();
    parallel_for(0, num_rows, 64, [&](int64_t begin, int64_t end) {
      kernels::norm_rows(end - begin, dim, in + begin * dim, scale, shift, shift ? kLayerEpsilon : kRmsEpsilon, to + begin * dim);
    });
    return out;
  }
  if (bias.defined()) return at::layer_norm(x, weight.sizes(), weight, bias, kLayerEpsilon);
  return x * (x * x).mean(-1, true).add(kRmsEpsilon).rsqrt() * weight;
}

std::shared_ptr<Norm> add_norm(torch::nn::Module& parent, const char* name, const std::string& kind, int64_t dim) {
  return parent.register_module(name, std::make_shared<Norm>(kind, dim));
}

}  // namespace attnzoo
