// Positions that are added to embeddings.
//   sinusoidal   PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) = cos of the same; no length limit    Vaswani et al. 2017, 3.5
//   learned      a vector per position up to 1023; later ones share the last                                Gehring et al. 2017
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace attnzoo {

class SinusoidalPositions {
 public:
  explicit SinusoidalPositions(int64_t dim);  // dim must be even
  // position: int64 of any shape, at least 0; returns that shape with D appended, in the options' type and device.
  torch::Tensor operator()(const torch::Tensor& position, const torch::TensorOptions& options) const;
  // Adds the vector of one position to D floats.
  void add_to(float* x, int64_t position) const;

 private:
  torch::Tensor compute(const torch::Tensor& position) const;
  torch::Tensor inverse_wavelength_;  // [D / 2], double
  torch::Tensor table_;               // the first positions, made once
};

class AddedPositions {
 public:
  // kind: "sinusoidal" (dim must be even), "learned" (registers the parameter "positions" on `owner`), or another: nothing is added.
  AddedPositions(torch::nn::Module& owner, const std::string& kind, int64_t dim);
  // x [.., D] plus the vectors of its positions, int64 [..]
  torch::Tensor add_to(torch::Tensor x, const torch::Tensor& position) const;
  // add_to(x * scale, position) for floats on the CPU, without gradients.
  torch::Tensor scaled_plus(const torch::Tensor& x, float scale, const torch::Tensor& position) const;

 private:
  std::optional<SinusoidalPositions> sinusoids_;
  torch::Tensor learned_;  // [kTableLength, D] or undefined
};

}  // namespace attnzoo
