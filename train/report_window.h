// What training steps add up to: the sums since the last report, and the fading sums behind the live line.
#pragma once

#include <cstdint>

#include "train/label_smoothed_loss.h"

namespace attnzoo {

// What one training step did.
struct StepSums {
  LossSums loss;  // over the target tokens of all its batches
  int64_t num_batches = 0, num_source_tokens = 0;
  double gradient_norm = 0;
  bool clipped = false;
  bool skipped = false;  // its loss or gradient was not finite, so the weights stayed as they were
  double seconds = 0;
};

// Sums since the last report. Saved with the state of training, so that a resumed run logs the same numbers.
struct ReportWindow {
  LossSums loss;  // of the steps that were not skipped
  int64_t num_batches = 0, num_steps = 0;
  int64_t num_skipped = 0, num_skipped_target_tokens = 0;
  int64_t num_source_tokens = 0;
  double seconds = 0;        // of training steps alone
  double gradient_norm = 0;  // sum over the steps that were not skipped
  int64_t num_clipped = 0;   // steps whose gradient was clipped

  void add(const StepSums& step);
  int64_t num_target_tokens() const { return loss.num_tokens + num_skipped_target_tokens; }
  // NaN where every step was skipped.
  double mean_gradient_norm() const;
};

// The last twenty steps or so: every step weighs a little less than the one after it.
class RecentSteps {
 public:
  void add(const StepSums& step);
  const ReportWindow& sums() const { return sums_; }
  // Seconds per step; NaN before the first.
  double seconds_per_step() const;

 private:
  ReportWindow sums_;
};

}  // namespace attnzoo
