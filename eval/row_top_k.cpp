#include "eval/row_top_k.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/error.h"
#include "data/parallel.h"
#include "models/kernels/simd.h"

namespace attnzoo {

constexpr int64_t kBlock = 64, kLanes = 16;

// The maximum of each block of the row. External linkage, because the variant for the processor is chosen when the program starts.
ATTNZOO_CPU_CLONES void row_block_maxima(const float* row, int64_t num_logits, float* maxima) {
  const int64_t num_whole = num_logits / kBlock;
  for (int64_t b = 0; b < num_whole; ++b) {
    const float* block = row + b * kBlock;
    float lanes[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) lanes[i] = block[i];
    for (int64_t begin = kLanes; begin < kBlock; begin += kLanes)
      for (int64_t i = 0; i < kLanes; ++i) lanes[i] = block[begin + i] > lanes[i] ? block[begin + i] : lanes[i];
    for (int64_t width = kLanes / 2; width > 0; width /= 2)
      for (int64_t i = 0; i < width; ++i) lanes[i] = lanes[i + width] > lanes[i] ? lanes[i + width] : lanes[i];
    maxima[b] = lanes[0];
  }
  if (num_whole * kBlock == num_logits) return;
  float last = row[num_whole * kBlock];
  for (int64_t i = num_whole * kBlock; i < num_logits; ++i) last = row[i] > last ? row[i] : last;
  maxima[num_whole] = last;
}

// The sum of exp(row[i] - maximum), in float within a block and in double over blocks, in the same order on every processor.
ATTNZOO_CPU_CLONES double row_sum_exp(const float* row, int64_t num_logits, float maximum) {
  double totals[kLanes] = {};
  const int64_t num_whole = num_logits / kBlock;
  for (int64_t b = 0; b < num_whole; ++b) {
    const float* block = row + b * kBlock;
    float lanes[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) lanes[i] = kernels::fast_exp(block[i] - maximum);
    for (int64_t begin = kLanes; begin < kBlock; begin += kLanes)
      for (int64_t i = 0; i < kLanes; ++i) lanes[i] += kernels::fast_exp(block[begin + i] - maximum);
    for (int64_t i = 0; i < kLanes; ++i) totals[i] += static_cast<double>(lanes[i]);
  }
  // The last block is summed like a whole one: then the sum does not depend on how many logits of probability 0 follow (a pointer-generator
  // has as many logits as the longest source of its batch needs).
  float lanes[kLanes] = {};
  for (int64_t i = num_whole * kBlock; i < num_logits; ++i) lanes[i % kLanes] += kernels::fast_exp(row[i] - maximum);
  for (int64_t i = 0; i < kLanes; ++i) totals[i] += static_cast<double>(lanes[i]);
  double total = 0;
  for (const double lane : totals) total += lane;
  return total;
}

namespace {

bool ranks_before(const RankedToken& a, const RankedToken& b) {
  return a.log_probability > b.log_probability || (a.log_probability == b.log_probability && a.id < b.id);
}

void keep_best(std::vector<RankedToken>& tokens, int64_t k, std::span<const int32_t> banned) {
  std::erase_if(tokens, [&](const RankedToken& token) { return std::find(banned.begin(), banned.end(), token.id) != banned.end(); });
  const size_t count = std::min(static_cast<size_t>(k), tokens.size());
  std::partial_sort(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count), tokens.end(), ranks_before);
  tokens.resize(count);
}

void require_finite(double log_sum_exp) {
  if (std::isfinite(log_sum_exp)) return;
  fail<Error>("search: the model's logits are not numbers (log of their sum is {}); its training diverged or its weights are damaged",
              log_sum_exp);
}

// For logits on another device, which selects the tokens.
void top_k_on_device(const torch::Tensor& logits_NV, int64_t k, const std::vector<std::vector<int32_t>>& banned,
                     std::vector<std::vector<RankedToken>>& best) {
  size_t most_banned = 0;
  for (const auto& tokens : banned) most_banned = std::max(most_banned, tokens.size());
  const auto log_probability_NV = at::log_softmax(logits_NV, -1, torch::kFloat);
  const auto width = std::min(logits_NV.size(1), k + static_cast<int64_t>(most_banned));
  const auto [values_NK, ids_NK] = at::topk(log_probability_NV, width, -1);
  const auto values = values_NK.cpu(), ids = ids_NK.cpu();
  for (size_t n = 0; n < best.size(); ++n) {
    best[n].clear();
    for (int64_t i = 0; i < width; ++i) {
      const float value = values.const_data_ptr<float>()[static_cast<int64_t>(n) * width + i];
      if (std::isnan(value)) require_finite(value);
      if (value > -std::numeric_limits<float>::infinity())
        best[n].push_back(
            {static_cast<int32_t>(ids.const_data_ptr<int64_t>()[static_cast<int64_t>(n) * width + i]), std::min(value, 0.0f)});
    }
    keep_best(best[n], k, banned[n]);
  }
}

}  // namespace

double row_log_sum_exp(const float* row, int64_t num_logits) {
  thread_local std::vector<float> maxima;
  maxima.resize(static_cast<size_t>((num_logits + kBlock - 1) / kBlock));
  row_block_maxima(row, num_logits, maxima.data());
  const float maximum = *std::max_element(maxima.begin(), maxima.end());
  return static_cast<double>(maximum) + std::log(row_sum_exp(row, num_logits, maximum));
}

void row_top_k(const float* row, int64_t num_logits, int64_t k, std::span<const int32_t> banned, std::vector<RankedToken>& best) {
  thread_local std::vector<float> maxima, ordered;
  maxima.resize(static_cast<size_t>((num_logits + kBlock - 1) / kBlock));
  row_block_maxima(row, num_logits, maxima.data());
  const float maximum = *std::max_element(maxima.begin(), maxima.end());
  const double log_sum_exp = static_cast<double>(maximum) + std::log(row_sum_exp(row, num_logits, maximum));
  require_finite(log_sum_exp);

  // Each of the `wanted` highest block maxima is a logit. So the wanted-th highest logit is at least as high as the lowest of them.
  const size_t wanted = static_cast<size_t>(k) + banned.size();
  float threshold = std::numeric_limits<float>::lowest();
  if (wanted < maxima.size()) {
    ordered = maxima;
    const auto last = ordered.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
    std::nth_element(ordered.begin(), last, ordered.end(), std::greater<>());
    threshold = std::max(threshold, *last);
  }
  best.clear();
  for (size_t b = 0; b < maxima.size(); ++b) {
    if (maxima[b] < threshold) continue;
    const int64_t end = std::min(num_logits, static_cast<int64_t>(b + 1) * kBlock);
    for (int64_t i = static_cast<int64_t>(b) * kBlock; i < end; ++i) {
      if (row[i] >= threshold) best.push_back({static_cast<int32_t>(i), std::min(static_cast<double>(row[i]) - log_sum_exp, 0.0)});
    }
  }
  keep_best(best, k, banned);
}

void top_k_of_rows(const torch::Tensor& logits_NV, int64_t k, const std::vector<std::vector<int32_t>>& banned,
                   std::vector<std::vector<RankedToken>>& best) {
  best.resize(static_cast<size_t>(logits_NV.size(0)));
  if (!logits_NV.is_cpu()) return top_k_on_device(logits_NV, k, banned, best);
  const auto logits = logits_NV.to(torch::kFloat).contiguous();
  const float* rows = logits.const_data_ptr<float>();
  const int64_t num_logits = logits.size(1);
  parallel_for(0, logits.size(0), 8, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      row_top_k(rows + n * num_logits, num_logits, k, banned[static_cast<size_t>(n)], best[static_cast<size_t>(n)]);
  });
}

}  // namespace attnzoo
