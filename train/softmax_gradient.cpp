#include "train/softmax_gradient.h"

#include <cmath>

#include "models/kernels/simd.h"

namespace attnzoo {
namespace kernels {
namespace {

// Lanes are kept apart by hand: without leave to reorder sums the compiler would add one number at a time.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t kLanes = 16;

struct RowSums {
  float max = 0;
  double sum = 0;
};

ATTNZOO_INLINE RowSums add_bias_and_scan(float* x, const float* bias, int64_t n) {
  RowSums row{x[0] + (bias != nullptr ? bias[0] : 0.0f), 0};
  Lanes largest = Lanes{} + row.max, total = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Lanes value = *reinterpret_cast<Lanes*>(x + i);
    if (bias != nullptr) {
      value += *reinterpret_cast<const Lanes*>(bias + i);
      *reinterpret_cast<Lanes*>(x + i) = value;
    }
    largest = value > largest ? value : largest;
    total += value;
  }
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    row.max = largest[lane] > row.max ? largest[lane] : row.max;
    row.sum += static_cast<double>(total[lane]);
  }
  for (; i < n; ++i) {
    if (bias != nullptr) x[i] += bias[i];
    row.max = x[i] > row.max ? x[i] : row.max;
    row.sum += static_cast<double>(x[i]);
  }
  return row;
}

ATTNZOO_INLINE double sum_of(const float* x, int64_t n) {
  Lanes total = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) total += *reinterpret_cast<const Lanes*>(x + i);
  double sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(total[lane]);
  for (; i < n; ++i) sum += static_cast<double>(x[i]);
  return sum;
}

}  // namespace

// One row; `bias` and `bias_gradient` may be null.
ATTNZOO_CPU_CLONES void softmax_gradient_row(float* x, const float* bias, int64_t n, int64_t target, float smoothing, float scale,
                                             float* bias_gradient, double* loss, double* nll) {
  const RowSums row = add_bias_and_scan(x, bias, n);
  const float target_logit = x[target];
  for (int64_t i = 0; i < n; ++i) x[i] = fast_exp(x[i] - row.max);
  const double sum = sum_of(x, n);
  const double log_sum = static_cast<double>(row.max) + std::log(sum);
  *nll = log_sum - static_cast<double>(target_logit);
  *loss = (1.0 - static_cast<double>(smoothing)) * *nll + static_cast<double>(smoothing) * (log_sum - row.sum / static_cast<double>(n));

  const float probability_scale = static_cast<float>(static_cast<double>(scale) / sum);
  const float uniform = scale * smoothing / static_cast<float>(n);
  for (int64_t i = 0; i < n; ++i) x[i] = x[i] * probability_scale - uniform;
  x[target] -= scale * (1.0f - smoothing);
  if (bias_gradient != nullptr)
    for (int64_t i = 0; i < n; ++i) bias_gradient[i] += x[i];
}

}  // namespace kernels

void softmax_gradient_rows(const SoftmaxGradient& settings, float* logits_RV, const float* bias_V, const int64_t* target_R,
                           int64_t num_rows, float* bias_gradient_V, double* loss_R, double* nll_R) {
  const int64_t width = settings.vocabulary_size;
  for (int64_t row = 0; row < num_rows; ++row)
    kernels::softmax_gradient_row(logits_RV + row * width, bias_V, width, target_R[row], settings.smoothing, settings.gradient_scale,
                                  bias_gradient_V, loss_R + row, nll_R + row);
}

}  // namespace attnzoo
