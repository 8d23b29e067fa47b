// Confidence intervals and a test between systems by bootstrap resampling (Koehn 2004), equal to sacrebleu 2.6.0's with the same seed and
// number of samples (--confidence, --paired-bs).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace attnzoo {

struct BootstrapOptions {
  int64_t num_samples = 1000;
  uint32_t seed = 12345;
};

// Each sample draws as many sentences as there are, with repetition. `score_of` gets how often each sentence was drawn and returns the
// score of that text. The same draws for every system of as many sentences, so that samples are paired.
std::vector<double> bootstrap_scores(int64_t num_sentences, const BootstrapOptions& options,
                                     const std::function<double(const std::vector<uint32_t>& times)>& score_of);

struct Interval {
  double mean = 0, low = 0, high = 0;
  double half_width() const { return (high - low) / 2; }  // sacrebleu's "+- x"
};
// The middle 95 % of the scores.
Interval interval_of(std::vector<double> scores);

// The probability of a difference this large or larger if the systems were equally good, by the samples of both. Of equal scores it is 1;
// sacrebleu counts samples with a larger difference only, which gives the smallest value there is.
double paired_p_value(const std::vector<double>& a, const std::vector<double>& b, double score_a, double score_b);

}  // namespace attnzoo
