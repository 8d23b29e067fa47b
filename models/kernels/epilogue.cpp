#include "models/kernels/epilogue.h"

#include "models/kernels/simd.h"

namespace attnzoo::kernels {

// External linkage, so that the processor's variant can be chosen when the program starts.
ATTNZOO_CPU_CLONES void finish_rows(bool relu, const float* add, int64_t add_stride, int64_t num_rows, int64_t num_columns, float* out,
                                    int64_t out_stride) {
  for (int64_t row = 0; row < num_rows; ++row) {
    float* to = out + row * out_stride;
    if (relu)
      for (int64_t i = 0; i < num_columns; ++i) to[i] = to[i] > 0 ? to[i] : 0.0f;
    if (add != nullptr) {
      const float* from = add + row * add_stride;
      for (int64_t i = 0; i < num_columns; ++i) to[i] = from[i] + to[i];
    }
  }
}

void RowEpilogue::apply(int64_t row, int64_t column, int64_t num_rows, int64_t num_columns, float* out, int64_t out_stride) const {
  if (relu || add != nullptr)
    finish_rows(relu, add ? add + row * add_stride + column : nullptr, add_stride, num_rows, num_columns, out, out_stride);
}

}  // namespace attnzoo::kernels
