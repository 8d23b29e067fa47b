#include "models/kernels/gemm.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/parallel.h"
#include "models/kernels/new_floats.h"
#include "models/kernels/simd.h"

// Keeps a value in a register. GCC would read it from memory again for each product, and loads would bound the kernel.
#if defined(__x86_64__) && defined(__GNUC__)
#define ATTNZOO_IN_REGISTER(vector) asm("" : "+v"(vector))
#else
#define ATTNZOO_IN_REGISTER(vector)
#endif

namespace attnzoo::kernels {
namespace {

template <int W>
struct VectorOf {
  typedef float type __attribute__((vector_size(W * 4), aligned(4), may_alias));
};

// Rows of inputs, and the same rows of outputs, beginning at some input and at the first column of a panel. Sums begin with `start`: the
// bias (stride 0), or what earlier inputs gave.
struct Operands {
  const float* x;
  int64_t x_stride;
  const float* panel;
  int64_t num_inputs;
  const float* start;
  int64_t start_stride;
  float* out;
  int64_t out_stride, num_columns;

  ATTNZOO_INLINE Operands from_row(int64_t row) const {
    auto rest = *this;
    rest.x += row * x_stride;
    rest.start += row * start_stride;
    rest.out += row * out_stride;
    return rest;
  }
};

constexpr int64_t kAhead = 16;

// MR rows times NV vectors of columns, in registers for all inputs.
template <int W, int MR, int NV>
ATTNZOO_INLINE void micro_kernel(const Operands& o) {
  using Vector = typename VectorOf<W>::type;
  Vector sum[MR][NV];
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[r][v] = *reinterpret_cast<const Vector*>(o.start + r * o.start_stride + v * W);
  // The lines that will be written: their place in the cache is fetched meanwhile.
  for (int r = 0; r < MR; ++r)
    for (int v = 0; v < NV; ++v) __builtin_prefetch(o.out + r * o.out_stride + v * W, 1);
  for (int64_t k = 0; k < o.num_inputs; ++k) {
    Vector w[NV];
    // Weights come from the last-level cache where rows are few; the prefetcher of the processor stops at pages.
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) __builtin_prefetch(o.panel + ((k + kAhead) * NV + v) * W);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) w[v] = *reinterpret_cast<const Vector*>(o.panel + (k * NV + v) * W);
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
      Vector value = o.x[r * o.x_stride + k] - Vector{};
      ATTNZOO_IN_REGISTER(value);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[r][v] += value * w[v];
    }
  }
  if (o.num_columns == NV * W) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) *reinterpret_cast<Vector*>(o.out + r * o.out_stride + v * W) = sum[r][v];
  } else {
    for (int r = 0; r < MR; ++r) {
      float row[NV * W];
      std::memcpy(row, sum[r], sizeof(row));
      std::memcpy(o.out + r * o.out_stride, row, static_cast<size_t>(o.num_columns) * sizeof(float));
    }
  }
}

template <int W, int MR, int NV>
ATTNZOO_INLINE void rows_below(const Operands& o, int64_t num_rows) {
  if constexpr (MR > 1) {
    if (num_rows == MR - 1) return micro_kernel<W, MR - 1, NV>(o);
    rows_below<W, MR - 1, NV>(o, num_rows);
  }
}

// All rows of one panel, in blocks of MR rows and then the rest at once; every size computes a row the same way.
template <int W, int MR, int NV>
ATTNZOO_INLINE void panel_rows(const Operands& o, int64_t num_rows) {
  int64_t row = 0;
  for (; row + MR <= num_rows; row += MR) micro_kernel<W, MR, NV>(o.from_row(row));
  rows_below<W, MR, NV>(o.from_row(row), num_rows - row);
}

struct Variant {
  int64_t panel_width;
  void (*run)(const Operands&, int64_t num_rows);
};

#if defined(__x86_64__) && defined(__GNUC__)
// 24 of 32 registers hold sums. Four vectors of columns per value of x need the fewest loads; widths of models are multiples of 64.
__attribute__((target("arch=x86-64-v4"))) void panel_avx512(const Operands& o, int64_t num_rows) { panel_rows<16, 6, 4>(o, num_rows); }
__attribute__((target("arch=x86-64-v3"))) void panel_avx2(const Operands& o, int64_t num_rows) { panel_rows<8, 6, 2>(o, num_rows); }
#endif
void panel_baseline(const Operands& o, int64_t num_rows) { panel_rows<4, 4, 2>(o, num_rows); }

// panel[k * width + c] = weight[c * of_output + k * of_input], and 0 where there is no such column.
void pack_panel(const float* weight, int64_t of_output, int64_t of_input, int64_t num_columns, int64_t num_inputs, int64_t width,
                float* panel) {
  constexpr int64_t kTile = 16;  // a line of the cache
  for (int64_t k = 0; k < num_inputs; k += kTile) {
    const int64_t inputs = std::min(kTile, num_inputs - k);
    if (of_output == 1) {
      for (int64_t i = 0; i < inputs; ++i) std::copy_n(weight + (k + i) * of_input, num_columns, panel + (k + i) * width);
    } else {
      for (int64_t c = 0; c < num_columns; ++c)
        for (int64_t i = 0; i < inputs; ++i) panel[(k + i) * width + c] = weight[c * of_output + (k + i) * of_input];
    }
    for (int64_t i = 0; i < inputs; ++i) std::fill(panel + (k + i) * width + num_columns, panel + (k + i + 1) * width, 0.0f);
  }
}

const Variant& variant() {
  static const Variant chosen = [] {
#if defined(__x86_64__) && defined(__GNUC__)
    if (runs_avx512()) return Variant{64, panel_avx512};
    if (runs_avx2()) return Variant{16, panel_avx2};
#endif
    return Variant{8, panel_baseline};
  }();
  return chosen;
}

}  // namespace

PackedWeight::PackedWeight(const torch::Tensor& weight_MK, const torch::Tensor& bias_M)
    : num_outputs_(weight_MK.size(0)), num_inputs_(weight_MK.size(1)), panel_width_(variant().panel_width) {
  panels_ = new_floats({num_panels() * panel_width_ * num_inputs_});
  bias_ = new_floats({num_panels() * panel_width_});
  bias_.zero_();
  if (bias_M.defined()) bias_.narrow(0, 0, num_outputs_).copy_(bias_M.detach());
  const float* weight = weight_MK.const_data_ptr<float>();
  const int64_t of_output = weight_MK.stride(0), of_input = weight_MK.stride(1);
  float* panels = panels_.mutable_data_ptr<float>();
  parallel_for(0, num_panels(), 4, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t column = panel * panel_width_, columns = std::min(panel_width_, num_outputs_ - column);
      pack_panel(weight + column * of_output, of_output, of_input, columns, num_inputs_, panel_width_, panels + column * num_inputs_);
    }
  });
}

void PackedWeight::apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride,
                              const RowEpilogue& epilogue, PanelRange range) const {
  const float* panels = panels_.data_ptr<float>();
  const float* bias = bias_.data_ptr<float>();
  // A block of rows stays in the second-level cache while all panels stream past, and so does a panel while the rows do.
  constexpr int64_t kRowBlock = 192, kInputBlock = 1024;
  for (int64_t row = 0; row < num_rows; row += kRowBlock) {
    const int64_t rows = std::min(kRowBlock, num_rows - row);
    for (int64_t panel = range.begin; panel < range.end; ++panel) {
      const int64_t column = panel * panel_width_;
      const int64_t columns = std::min(panel_width_, num_outputs_ - column);
      // The last panel cannot begin with its sums: it has fewer columns than are read.
      const int64_t block = columns == panel_width_ ? kInputBlock : std::max<int64_t>(num_inputs_, 1);
      float* to = out + row * out_stride + column;
      int64_t k = 0;
      do {
        variant().run({x + row * x_stride + k, x_stride, panels + column * num_inputs_ + k * panel_width_, std::min(block, num_inputs_ - k),
                       k == 0 ? bias + column : to, k == 0 ? 0 : out_stride, to, out_stride, columns},
                      rows);
        k += block;
      } while (k < num_inputs_);
      epilogue.apply(row, column, rows, columns, to, out_stride);
    }
  }
}

}  // namespace attnzoo::kernels
