// y = x W^T + b with 8-bit integers: weights with one scale per output, activations with one scale per row, found when the row is seen.
//
//   q = round(x / s),  s = max |x| / 127        for a row of x, and for a row of W
//   y_m = s_x s_m sum_k q_k q_mk + b_m          the sum in 32-bit integers, exact
//
// So a row's result depends on that row alone, whatever the batch. LibTorch's quantized::linear_dynamic has one scale per tensor, which
// breaks that (DESIGN.md, decision 43).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/kernels/epilogue.h"

namespace attnzoo::kernels {

struct Int8Kernel;
// The names of the kernels that this processor runs, the fastest first: "AVX-512 VNNI", "AVX2", "portable". Their sums are the same.
std::vector<std::string> int8_kernels();

// Weights in the order in which a kernel reads them.
class Int8Weights {
 public:
  // weights: [num_outputs, num_inputs]; bias: [num_outputs] or null. kernel: a place in int8_kernels().
  Int8Weights(const float* weights, const float* bias, int64_t num_outputs, int64_t num_inputs, size_t kernel = 0);
  // x: rows of num_inputs floats, x_stride apart; out[n * out_stride + m]. Runs on the calling thread. A row that holds NaN or infinity
  // gives a row of NaN.
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride) const {
    apply_rows(x, x_stride, num_rows, out, out_stride, {}, 0, num_panels_);
  }
  // With an epilogue, for the panels of columns from first_panel up to last_panel.
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride, const RowEpilogue& epilogue,
                  int64_t first_panel, int64_t last_panel) const;
  int64_t num_panels() const { return num_panels_; }
  int64_t num_outputs() const { return num_outputs_; }
  int64_t num_inputs() const { return num_inputs_; }

 private:
  const Int8Kernel& kernel_;
  int64_t num_outputs_, num_inputs_, num_groups_, num_panels_;
  std::vector<int8_t> panels_;
  std::vector<int32_t> start_;       // per output: what makes up for activations that are stored as q + 128
  std::vector<float> scale_, bias_;  // per output, padded to whole panels
};

}  // namespace attnzoo::kernels
