#include "models/kernels/column_sums.h"

#include <algorithm>

#include "data/parallel.h"
#include "models/kernels/simd.h"

namespace attnzoo::kernels {
namespace {

constexpr int64_t kColumns = 64, kRows = 128;

}  // namespace

// Some columns of all rows. Sums of 128 rows are added to the sums of those before them, so that rounding does not grow with each row.
// External linkage, so that the processor's variant can be chosen when the program starts.
ATTNZOO_CPU_CLONES void sum_columns(int64_t num_rows, int64_t stride, int64_t num_columns, const float* d_y, const float* y, float* d_inner,
                                    float* sums) {
  float total[kColumns] = {};
  for (int64_t begin = 0; begin < num_rows; begin += kRows) {
    const int64_t end = begin + kRows < num_rows ? begin + kRows : num_rows;
    float some[kColumns] = {};
    for (int64_t n = begin; n < end; ++n) {
      const float* row = d_y + n * stride;
      if (y != nullptr) {
        const float* of_row = y + n * stride;
        float* to = d_inner + n * stride;
        for (int64_t m = 0; m < num_columns; ++m) {
          to[m] = of_row[m] > 0 ? row[m] : 0.0f;
          some[m] += to[m];
        }
      } else {
        for (int64_t m = 0; m < num_columns; ++m) some[m] += row[m];
      }
    }
    for (int64_t m = 0; m < num_columns; ++m) total[m] += some[m];
  }
  if (sums != nullptr)
    for (int64_t m = 0; m < num_columns; ++m) sums[m] = total[m];
}

void column_sums(int64_t num_rows, int64_t num_columns, const float* d_y, const float* y, float* d_inner, float* sums) {
  if (y == nullptr && sums == nullptr) return;
  parallel_for(0, (num_columns + kColumns - 1) / kColumns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t column = block * kColumns;
      sum_columns(num_rows, num_columns, std::min(kColumns, num_columns - column), d_y + column, y ? y + column : nullptr,
                  d_inner ? d_inner + column : nullptr, sums ? sums + column : nullptr);
    }
  });
}

}  // namespace attnzoo::kernels
