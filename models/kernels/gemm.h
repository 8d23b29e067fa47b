// Linear layers for inference on the CPU: y = x W^T + b, with the weight packed once into panels.
//
// Why not a BLAS: MKL's sgemm gives a row other bits among fewer than 16 rows (LibTorch 2.13), so greedy search would depend on the batch.
// Here each output is one chain of multiply-adds over k, for any number of rows.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <mutex>

namespace attnzoo::kernels {

class PackedWeight {
 public:
  // weight_MK: float, M outputs by K inputs; bias_M may be undefined.
  PackedWeight(const torch::Tensor& weight_MK, const torch::Tensor& bias_M);
  // x: float, contiguous, last dimension K. Returns the same shape with last dimension M.
  torch::Tensor apply(const torch::Tensor& x) const;
  // The same on raw rows: out[n * out_stride + m]. Runs on the calling thread.
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride) const;
  int64_t num_outputs() const { return num_outputs_; }

 private:
  int64_t num_outputs_ = 0, num_inputs_ = 0, panel_width_ = 0;
  torch::Tensor panels_, bias_;
};

// A packed copy of a layer's weight, made at first use after eval() and dropped by train(). Thread-safe.
class PackedWeightCache {
 public:
  // x W^T + b, with the packed copy if the kernels apply and the layer is not training, else with ATen's linear.
  torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, bool training);
  void clear();

 private:
  std::shared_ptr<const PackedWeight> get(const torch::Tensor& weight, const torch::Tensor& bias);
  std::mutex mutex_;
  std::shared_ptr<const PackedWeight> packed_;
  const void* packed_from_ = nullptr;
  uint32_t packed_version_ = 0;
};

// True if the packed kernels apply: gradients off, not tracing, float on the CPU.
bool use_inference_kernels(const torch::Tensor& x);

}  // namespace attnzoo::kernels
