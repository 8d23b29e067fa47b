#include "models/kernels/gemm.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "models/kernels/simd.h"

namespace attnzoo::kernels {
namespace {

template <int W>
struct VectorOf {
  typedef float type __attribute__((vector_size(W * 4), aligned(4), may_alias));
};

// MR rows times two vectors of columns, in registers for all of K.
template <int W, int MR>
ATTNZOO_INLINE void micro_kernel(const float* x, int64_t x_stride, const float* panel, int64_t num_inputs, const float* bias, float* out,
                                 int64_t out_stride, int64_t num_columns) {
  using Vector = typename VectorOf<W>::type;
  Vector sum[MR][2];
  const Vector bias0 = *reinterpret_cast<const Vector*>(bias), bias1 = *reinterpret_cast<const Vector*>(bias + W);
  for (int r = 0; r < MR; ++r) {
    sum[r][0] = bias0;
    sum[r][1] = bias1;
  }
  for (int64_t k = 0; k < num_inputs; ++k) {
    const Vector w0 = *reinterpret_cast<const Vector*>(panel + k * 2 * W), w1 = *reinterpret_cast<const Vector*>(panel + k * 2 * W + W);
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
      const float value = x[r * x_stride + k];
      sum[r][0] += value * w0;
      sum[r][1] += value * w1;
    }
  }
  if (num_columns == 2 * W) {
    for (int r = 0; r < MR; ++r) {
      *reinterpret_cast<Vector*>(out + r * out_stride) = sum[r][0];
      *reinterpret_cast<Vector*>(out + r * out_stride + W) = sum[r][1];
    }
  } else {
    for (int r = 0; r < MR; ++r) {
      float row[2 * W];
      std::memcpy(row, sum[r], sizeof(row));
      std::memcpy(out + r * out_stride, row, static_cast<size_t>(num_columns) * sizeof(float));
    }
  }
}

// All rows of one panel, in blocks of MR rows and then smaller ones; every size computes a row the same way.
template <int W, int MR>
ATTNZOO_INLINE void panel_rows(const float* x, int64_t x_stride, int64_t num_rows, const float* panel, int64_t num_inputs,
                               const float* bias, float* out, int64_t out_stride, int64_t num_columns) {
  int64_t row = 0;
  for (; row + MR <= num_rows; row += MR)
    micro_kernel<W, MR>(x + row * x_stride, x_stride, panel, num_inputs, bias, out + row * out_stride, out_stride, num_columns);
  for (; row + 4 <= num_rows; row += 4)
    micro_kernel<W, 4>(x + row * x_stride, x_stride, panel, num_inputs, bias, out + row * out_stride, out_stride, num_columns);
  for (; row < num_rows; ++row)
    micro_kernel<W, 1>(x + row * x_stride, x_stride, panel, num_inputs, bias, out + row * out_stride, out_stride, num_columns);
}

using PanelFunction = void (*)(const float*, int64_t, int64_t, const float*, int64_t, const float*, float*, int64_t, int64_t);
struct Variant {
  int64_t panel_width;
  PanelFunction run;
};

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("arch=x86-64-v4"))) void panel_avx512(const float* x, int64_t xs, int64_t n, const float* p, int64_t k,
                                                            const float* b, float* o, int64_t os, int64_t c) {
  panel_rows<16, 12>(x, xs, n, p, k, b, o, os, c);
}
__attribute__((target("arch=x86-64-v3"))) void panel_avx2(const float* x, int64_t xs, int64_t n, const float* p, int64_t k, const float* b,
                                                          float* o, int64_t os, int64_t c) {
  panel_rows<8, 6>(x, xs, n, p, k, b, o, os, c);
}
#endif
void panel_baseline(const float* x, int64_t xs, int64_t n, const float* p, int64_t k, const float* b, float* o, int64_t os, int64_t c) {
  panel_rows<4, 4>(x, xs, n, p, k, b, o, os, c);
}

const Variant& variant() {
  static const Variant chosen = [] {
#if defined(__x86_64__) && defined(__GNUC__)
    if (runs_avx512()) return Variant{32, panel_avx512};
    if (runs_avx2()) return Variant{16, panel_avx2};
#endif
    return Variant{8, panel_baseline};
  }();
  return chosen;
}

}  // namespace

PackedWeight::PackedWeight(const torch::Tensor& weight_MK, const torch::Tensor& bias_M)
    : num_outputs_(weight_MK.size(0)), num_inputs_(weight_MK.size(1)), panel_width_(variant().panel_width) {
  const int64_t num_panels = (num_outputs_ + panel_width_ - 1) / panel_width_;
  const auto padded = at::constant_pad_nd(weight_MK.detach(), {0, 0, 0, num_panels * panel_width_ - num_outputs_});
  panels_ = padded.view({num_panels, panel_width_, num_inputs_}).transpose(1, 2).contiguous();
  bias_ = torch::zeros({num_panels * panel_width_}, weight_MK.options().requires_grad(false));
  if (bias_M.defined()) bias_.narrow(0, 0, num_outputs_).copy_(bias_M.detach());
}

void PackedWeight::apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride) const {
  const float* panels = panels_.data_ptr<float>();
  const float* bias = bias_.data_ptr<float>();
  // Blocks of rows stay in the first-level cache while all panels stream past.
  constexpr int64_t kRowBlock = 96;
  for (int64_t row = 0; row < num_rows; row += kRowBlock) {
    const int64_t rows = std::min(kRowBlock, num_rows - row);
    for (int64_t column = 0, panel = 0; column < num_outputs_; column += panel_width_, ++panel)
      variant().run(x + row * x_stride, x_stride, rows, panels + panel * panel_width_ * num_inputs_, num_inputs_, bias + column,
                    out + row * out_stride + column, out_stride, std::min(panel_width_, num_outputs_ - column));
  }
}

}  // namespace attnzoo::kernels
