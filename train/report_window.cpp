#include "train/report_window.h"

#include <cmath>
#include <limits>
#include <type_traits>

namespace attnzoo {
namespace {

// Weight of the past in the sums of RecentSteps, per step.
constexpr double kFading = 0.95;

template <class Value>
void fade(Value& sum, std::type_identity_t<Value> value) {
  sum = static_cast<Value>(kFading * static_cast<double>(sum)) + value;
}

double quotient(double sum, double count) { return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN(); }

}  // namespace

void ReportWindow::add(const StepSums& step) {
  if (step.skipped) {
    num_skipped += 1;
    num_skipped_target_tokens += step.loss.num_tokens;
  } else {
    loss += step.loss;
    gradient_norm += step.gradient_norm;
  }
  num_batches += step.num_batches;
  num_steps += 1;
  num_source_tokens += step.num_source_tokens;
  seconds += step.seconds;
  num_clipped += step.clipped ? 1 : 0;
}

double ReportWindow::mean_gradient_norm() const { return quotient(gradient_norm, static_cast<double>(num_steps - num_skipped)); }

void RecentSteps::add(const StepSums& step) {
  if (step.skipped) {
    fade(sums_.num_skipped_target_tokens, step.loss.num_tokens);
  } else {
    fade(sums_.loss.loss, step.loss.loss);
    fade(sums_.loss.nll, step.loss.nll);
    fade(sums_.loss.num_tokens, step.loss.num_tokens);
    fade(sums_.num_skipped_target_tokens, 0);
  }
  fade(sums_.num_source_tokens, step.num_source_tokens);
  fade(sums_.seconds, step.seconds);
  sums_.num_steps += 1;
}

double RecentSteps::seconds_per_step() const {
  // Fading sums weigh (1 - f^n) / (1 - f) steps.
  return quotient(sums_.seconds, (1 - std::pow(kFading, static_cast<double>(sums_.num_steps))) / (1 - kFading));
}

}  // namespace attnzoo
