// y = x W^T + b on the CPU, with the weight packed once: for decoding, when a model is frozen; for training, in each step. A row of the
// result depends on that row of x alone, for any number of rows and threads.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/kernels/epilogue.h"

namespace attnzoo {

// How a frozen model keeps its matrices.
enum class Compute {
  kFloat32,  // kernels/gemm.h
  kInt8,     // kernels/int8_rows.h
};

namespace kernels {

// What happens to y = x W^T + b while it is in the cache: first max(0, y), then y + add.
struct Epilogue {
  bool relu = false;
  torch::Tensor add = {};  // of y's shape; or undefined
};

// The panels of columns from `begin` up to `end` of a packed matrix.
struct PanelRange {
  int64_t begin = 0, end = 0;
};

class PackedLinear {
 public:
  virtual ~PackedLinear() = default;
  // x: float, last dimension K. Returns the same shape with last dimension M.
  torch::Tensor apply(const torch::Tensor& x, const Epilogue& epilogue = {}) const;
  // The same into `out`. x_NK, out_NM and what is added: rows of contiguous floats, of any stride.
  void apply_to(const torch::Tensor& out_NM, const torch::Tensor& x_NK, const Epilogue& epilogue = {}) const;
  // The same on raw rows, for some of the columns: out[n * out_stride + m]. Runs on the calling thread.
  virtual void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride, const RowEpilogue& epilogue,
                          PanelRange panels) const = 0;
  virtual int64_t num_panels() const = 0;
  virtual int64_t num_outputs() const = 0;
  virtual int64_t num_inputs() const = 0;
};

// weight_MK: float, M outputs by K inputs, of any strides; bias_M may be undefined.
std::shared_ptr<const PackedLinear> pack_linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M, Compute compute);

}  // namespace kernels
}  // namespace attnzoo
