#include "eval/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "data/error.h"

namespace attnzoo {

std::optional<RankedToken> sample_token(const float* row, int64_t num_logits, std::span<const int32_t> banned,
                                        const SamplingOptions& options, double uniform) {
  const double log_sum_exp = row_log_sum_exp(row, num_logits);
  if (!std::isfinite(log_sum_exp))
    fail<Error>("search: the model's logits are not numbers; its training diverged or its weights are damaged");
  std::vector<int32_t> ids(static_cast<size_t>(num_logits));
  std::iota(ids.begin(), ids.end(), 0);
  std::erase_if(ids, [&](int32_t id) { return std::isinf(row[id]) || std::find(banned.begin(), banned.end(), id) != banned.end(); });
  if (ids.empty()) return std::nullopt;
  const auto likelier = [&](int32_t a, int32_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; };
  if (options.top_k > 0 && static_cast<size_t>(options.top_k) < ids.size()) {
    std::nth_element(ids.begin(), ids.begin() + options.top_k, ids.end(), likelier);
    ids.resize(static_cast<size_t>(options.top_k));
  }
  if (options.top_k > 0 || options.top_p < 1) std::sort(ids.begin(), ids.end(), likelier);

  const float highest = row[*std::min_element(ids.begin(), ids.end(), likelier)];
  std::vector<double> weights;
  for (const int32_t id : ids) weights.push_back(std::exp((static_cast<double>(row[id]) - highest) / options.temperature));
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (options.top_p < 1) {
    size_t count = 0;
    double kept = 0;
    while (count < weights.size() && kept < options.top_p * total) kept += weights[count++];
    weights.resize(std::max<size_t>(count, 1));
    total = kept;
  }
  // Rounding may leave a rest behind the last weight: then the last token that can be drawn is.
  size_t drawn = 0;
  double rest = uniform * total;
  for (size_t i = 0; i < weights.size() && rest >= 0; ++i) {
    if (weights[i] > 0) drawn = i;
    rest -= weights[i];
  }
  return RankedToken{ids[drawn], std::min(static_cast<double>(row[ids[drawn]]) - log_sum_exp, 0.0)};
}

double random_uniform(uint64_t seed, uint64_t text, uint64_t sample, uint64_t step) {
  uint64_t state = 0;
  for (const uint64_t part : {seed, text, sample, step}) {
    state += part + 0x9E3779B97F4A7C15u;
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBu;
    state ^= state >> 31;
  }
  return static_cast<double>(state >> 11) * 0x1p-53;
}

}  // namespace attnzoo
