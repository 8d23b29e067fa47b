// The sum of the rows of a matrix, as the gradient of a bias, together with the gradient of max(0, y) on the way to it.
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

// d_inner = y > 0 ? d_y : 0 and sums[m] = sum_n d_inner[n][m], over rows of num_columns floats. y may be null: then d_inner is d_y, and
// nothing is written for it. sums may be null. The same bits with any number of threads.
void column_sums(int64_t num_rows, int64_t num_columns, const float* d_y, const float* y, float* d_inner, float* sums);

}  // namespace attnzoo::kernels
