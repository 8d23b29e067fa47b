#include "models/kernels/norm_rows.h"

#include <cmath>

#include "models/kernels/simd.h"

namespace attnzoo::kernels {
namespace {

constexpr int64_t kLanes = 16;

// sum of f(x[d]), lane by lane, in the same order on every processor.
template <class F>
ATTNZOO_INLINE float sum_over(const float* x, int64_t dim, const F& f) {
  float lanes[kLanes] = {};
  int64_t d = 0;
  for (; d + kLanes <= dim; d += kLanes)
    for (int64_t i = 0; i < kLanes; ++i) lanes[i] += f(x[d + i]);
  for (int64_t i = 0; d + i < dim; ++i) lanes[i] += f(x[d + i]);
  for (int64_t width = kLanes / 2; width > 0; width /= 2)
    for (int64_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

}  // namespace

// External linkage, so that the processor's variant can be chosen when the program starts.
ATTNZOO_CPU_CLONES void norm_rows(int64_t num_rows, int64_t dim, const float* x, const float* weight, const float* bias, double epsilon,
                                  float* out) {
  const auto count = static_cast<float>(dim);
  for (int64_t n = 0; n < num_rows; ++n, x += dim, out += dim) {
    const float mean = bias != nullptr ? sum_over(x, dim, [](float value) { return value; }) / count : 0.0f;
    const float squares = sum_over(x, dim, [&](float value) { return (value - mean) * (value - mean); });
    const float factor = 1.0f / std::sqrt(squares / count + static_cast<float>(epsilon));
    if (bias != nullptr)
      for (int64_t d = 0; d < dim; ++d) out[d] = (x[d] - mean) * factor * weight[d] + bias[d];
    else
      for (int64_t d = 0; d < dim; ++d) out[d] = x[d] * factor * weight[d];
  }
}

}  // namespace attnzoo::kernels
