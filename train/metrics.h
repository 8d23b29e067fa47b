// The metrics that validation is judged by: which ones a task has, and which of two results is better.
#pragma once

#include <string>
#include <vector>

#include "data/task.h"

namespace attnzoo {

// In a recipe: the metric that suits the task and the validation text (train/metric_choice.h).
inline constexpr char kAutoMetric[] = "auto";

// What validation can measure, "loss" first.
std::vector<std::string> metrics_of(Task task);
// What a recipe may name: these and "auto".
std::vector<std::string> metric_choices_of(Task task);

// One validation by one metric: its value, and the loss, which decides between equal values.
struct MetricValue {
  double value = 0, loss = 0;
};

// The loss falls, the other metrics rise. Values other than the loss are compared with the two decimals that reports show; where these are
// equal, the lower loss is better, so that a metric that stands still chooses nothing. A value that is not finite is never better.
bool is_better(const std::string& metric, MetricValue candidate, MetricValue best);

}  // namespace attnzoo
