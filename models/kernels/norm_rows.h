// Normalisation of rows (models/layers/norm.h) for decoding: one pass in the cache, no gradients.
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

// out = (x - mean) / sqrt(variance + epsilon) * weight + bias, row by row; without a bias, x / sqrt(mean(x^2) + epsilon) * weight.
void norm_rows(int64_t num_rows, int64_t dim, const float* x, const float* weight, const float* bias, double epsilon, float* out);

}  // namespace attnzoo::kernels
