#include "train/metrics.h"

#include <cmath>

namespace attnzoo {

std::vector<std::string> metrics_of(Task task) {
  if (task == Task::kClassification) return {"loss", "accuracy", "macro_f1"};
  if (task == Task::kLanguageModel) return {"loss"};
  return {"loss", "bleu", "chrf"};
}

std::vector<std::string> metric_choices_of(Task task) {
  auto choices = metrics_of(task);
  choices.insert(choices.begin(), kAutoMetric);
  return choices;
}

bool is_better(const std::string& metric, MetricValue candidate, MetricValue best) {
  if (!std::isfinite(candidate.value)) return false;
  if (!std::isfinite(best.value)) return true;
  if (metric == "loss") return candidate.value < best.value;
  const double shown = std::round(100 * candidate.value), shown_best = std::round(100 * best.value);
  if (shown != shown_best) return shown > shown_best;
  // The loss of a best value that an older program noted is not known.
  return std::isfinite(candidate.loss) && (!std::isfinite(best.loss) || candidate.loss < best.loss);
}

}  // namespace attnzoo
