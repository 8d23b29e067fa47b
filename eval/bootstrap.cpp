#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/numpy_random.h"

namespace attnzoo {

std::vector<double> bootstrap_scores(int64_t num_sentences, const BootstrapOptions& options,
                                     const std::function<double(const std::vector<uint32_t>& times)>& score_of) {
  NumpyRandom random(options.seed);
  std::vector<double> scores;
  std::vector<uint32_t> times(static_cast<size_t>(num_sentences));
  for (int64_t sample = 0; sample < options.num_samples; ++sample) {
    std::fill(times.begin(), times.end(), 0);
    for (int64_t i = 0; i < num_sentences; ++i) ++times[random.below(static_cast<uint32_t>(num_sentences))];
    scores.push_back(score_of(times));
  }
  return scores;
}

Interval interval_of(std::vector<double> scores) {
  if (scores.empty()) return {};
  std::sort(scores.begin(), scores.end());
  const size_t cut = scores.size() / 40;
  return {std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size()), scores[cut],
          scores[scores.size() - cut - 1]};
}

double paired_p_value(const std::vector<double>& a, const std::vector<double>& b, double score_a, double score_b) {
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(std::abs(a[i] - b[i]));
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / static_cast<double>(differences.size());
  const double observed = std::abs(score_a - score_b);
  if (observed == 0) return 1;
  const auto larger =
      std::count_if(differences.begin(), differences.end(), [&](double difference) { return difference - mean > observed; });
  return static_cast<double>(larger + 1) / static_cast<double>(differences.size() + 1);
}

}  // namespace attnzoo
