#include <ATen/ops/linalg_vector_norm.h>

#include <cmath>
#include <vector>

#include "data/parallel.h"
#include "models/kernels/simd.h"
#include "train/optimizer.h"

namespace attnzoo {
namespace kernels {

ATTNZOO_CPU_CLONES double sum_of_squares(const float* x, int64_t n) {
  typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
  constexpr int64_t kLanes = 16;
  Lanes total = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes value = *reinterpret_cast<const Lanes*>(x + i);
    total += value * value;
  }
  double sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(total[lane]);
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

}  // namespace kernels

namespace {

// Small enough for float sums within a piece to stay exact to six digits, large enough to be worth a thread.
constexpr int64_t kPiece = 16384;

double squared_norm(const torch::Tensor& gradient) {
  if (!gradient.device().is_cpu() || gradient.scalar_type() != torch::kFloat || !gradient.is_contiguous()) {
    const double norm = at::linalg_vector_norm(gradient, 2, {}, false, torch::kDouble).item<double>();
    return norm * norm;
  }
  const float* x = gradient.data_ptr<float>();
  const int64_t n = gradient.numel(), num_pieces = (n + kPiece - 1) / kPiece;
  std::vector<double> sums(static_cast<size_t>(num_pieces));
  parallel_for(0, num_pieces, 4, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      sums[static_cast<size_t>(piece)] = kernels::sum_of_squares(x + piece * kPiece, std::min(kPiece, n - piece * kPiece));
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

double gradient_norm(const NamedTensors& parameters) {
  double total = 0;
  for (const auto& [name, parameter] : parameters)
    if (parameter.grad().defined()) total += squared_norm(parameter.grad());
  return std::sqrt(total);
}

}  // namespace attnzoo
