// y = x W^T + b in float, with the weight packed once into panels.
//
// Why not a BLAS: MKL's sgemm gives a row other bits among fewer than 16 rows (LibTorch 2.13), so greedy search would depend on the batch.
// Here each output is one chain of multiply-adds over k, for any number of rows.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "models/kernels/packed_linear.h"

namespace attnzoo::kernels {

class PackedWeight : public PackedLinear {
 public:
  // weight_MK: float, M outputs by K inputs, of any strides; bias_M may be undefined.
  explicit PackedWeight(const torch::Tensor& weight_MK, const torch::Tensor& bias_M = {});
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride, const RowEpilogue& epilogue,
                  PanelRange panels) const override;
  int64_t num_panels() const override { return (num_outputs_ + panel_width_ - 1) / panel_width_; }
  int64_t num_outputs() const override { return num_outputs_; }
  int64_t num_inputs() const override { return num_inputs_; }

 private:
  int64_t num_outputs_ = 0, num_inputs_ = 0, panel_width_ = 0;
  torch::Tensor panels_, bias_;
};

}  // namespace attnzoo::kernels
