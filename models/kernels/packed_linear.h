// Linear layers for decoding on the CPU: y = x W^T + b, with the weight packed once, when a model is frozen. A row of the result depends on
// that row of x alone, for any number of rows and threads.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

namespace attnzoo {

// How a frozen model keeps its matrices.
enum class Compute {
  kFloat32,  // kernels/gemm.h
  kInt8,     // kernels/int8_rows.h
};

namespace kernels {

class PackedLinear {
 public:
  virtual ~PackedLinear() = default;
  // x: float, last dimension K. Returns the same shape with last dimension M.
  torch::Tensor apply(const torch::Tensor& x) const;
  // The same on raw rows: out[n * out_stride + m]. Runs on the calling thread.
  virtual void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride) const = 0;
  virtual int64_t num_outputs() const = 0;
  virtual int64_t num_inputs() const = 0;
};

// weight_MK: float, M outputs by K inputs; bias_M may be undefined.
std::shared_ptr<const PackedLinear> pack_linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M, Compute compute);

}  // namespace kernels
}  // namespace attnzoo
