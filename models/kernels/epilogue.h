// What happens to the result of a matrix product while it is in the cache: first max(0, y), then y + add.
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

struct RowEpilogue {
  bool relu = false;
  const float* add = nullptr;  // rows, add_stride apart, of the result's first row and column; or null
  int64_t add_stride = 0;
  // For the columns from `column` on of the rows from `row` on; `out` points to the first of them.
  void apply(int64_t row, int64_t column, int64_t num_rows, int64_t num_columns, float* out, int64_t out_stride) const;
};

}  // namespace attnzoo::kernels
