// Sinusoidal positions (Vaswani et al. 2017, 3.5): PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) = cos of the same. No length limit.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

class SinusoidalPositions {
 public:
  explicit SinusoidalPositions(int64_t dim);  // dim must be even
  // position: int64 of any shape, at least 0; returns that shape with D appended, in the options' type and device.
  torch::Tensor operator()(const torch::Tensor& position, const torch::TensorOptions& options) const;

 private:
  torch::Tensor compute(const torch::Tensor& position) const;
  torch::Tensor inverse_wavelength_;  // [D / 2], double
  torch::Tensor table_;               // the first positions, made once
};

}  // namespace attnzoo
