// Products of matrices that fit the first-level cache, inlined into the attention kernels.
#pragma once

#include <cstdint>

#include "models/kernels/simd.h"

namespace attnzoo::kernels {

// c[m][n] = alpha * sum_k a[m * a_row + k * a_column] * b[k * b_stride + n]. Rows of b and c are contiguous. Four rows by sixteen columns
// stay in registers; each output is one chain over k, so it does not depend on the number of rows.
template <int kRows>
ATTNZOO_INLINE void small_matmul_rows(const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_stride, float* c,
                                      int64_t c_stride, int64_t num_columns, int64_t num_inner, float alpha) {
  typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));
  int64_t n = 0;
  for (; n + 16 <= num_columns; n += 16) {
    Vector sum[kRows] = {};
    for (int64_t k = 0; k < num_inner; ++k) {
      const Vector row = *reinterpret_cast<const Vector*>(b + k * b_stride + n);
#pragma GCC unroll 4
      for (int m = 0; m < kRows; ++m) sum[m] += a[m * a_row + k * a_column] * row;
    }
    for (int m = 0; m < kRows; ++m) *reinterpret_cast<Vector*>(c + m * c_stride + n) = sum[m] * alpha;
  }
  for (; n < num_columns; ++n)
    for (int m = 0; m < kRows; ++m) {
      float sum = 0;
      for (int64_t k = 0; k < num_inner; ++k) sum += a[m * a_row + k * a_column] * b[k * b_stride + n];
      c[m * c_stride + n] = sum * alpha;
    }
}

ATTNZOO_INLINE void small_matmul(const float* a, int64_t a_row, int64_t a_column, const float* b, int64_t b_stride, float* c,
                                 int64_t c_stride, int64_t num_rows, int64_t num_columns, int64_t num_inner, float alpha = 1.0f) {
  int64_t m = 0;
  for (; m + 4 <= num_rows; m += 4)
    small_matmul_rows<4>(a + m * a_row, a_row, a_column, b, b_stride, c + m * c_stride, c_stride, num_columns, num_inner, alpha);
  for (; m < num_rows; ++m)
    small_matmul_rows<1>(a + m * a_row, a_row, a_column, b, b_stride, c + m * c_stride, c_stride, num_columns, num_inner, alpha);
}

}  // namespace attnzoo::kernels
