// Normalisation over the last dimension.
//   layer   y = (x - mean) / sqrt(variance + 1e-5) * weight + bias     Ba et al. 2016
//   rms     y = x / sqrt(mean(x^2) + 1e-6) * weight                    Zhang and Sennrich 2019
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "models/part.h"

namespace attnzoo {

class Norm : public Part {
 public:
  // kind: "layer" or "rms"; ConfigError otherwise.
  Norm(const std::string& kind, int64_t dim);
  torch::Tensor forward(const torch::Tensor& x) const;
  torch::Tensor weight, bias;  // [dim]; rms has no bias
};

std::shared_ptr<Norm> add_norm(torch::nn::Module& parent, const char* name, const std::string& kind, int64_t dim);

}  // namespace attnzoo
