// Softmax of one row of scores, inlined into the attention kernels.
#pragma once

#include "models/kernels/simd.h"

namespace attnzoo::kernels {

// Softmax of the first `count` entries; entries from there to `padded` become 0.
ATTNZOO_INLINE void softmax_row(float* row, int64_t count, int64_t padded) {
  float largest = -3e38f;
  for (int64_t j = 0; j < count; ++j) largest = row[j] > largest ? row[j] : largest;
  for (int64_t j = 0; j < count; ++j) row[j] = fast_exp(row[j] - largest);
  float sum = 0;
  for (int64_t j = 0; j < count; ++j) sum += row[j];
  const float inverse = count > 0 ? 1.0f / sum : 0.0f;
  for (int64_t j = 0; j < count; ++j) row[j] *= inverse;
  for (int64_t j = count; j < padded; ++j) row[j] = 0;
}

}  // namespace attnzoo::kernels
