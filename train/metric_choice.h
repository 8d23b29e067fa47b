// Which metrics judge a run: those of the recipe, or for "auto" those that suit the task and the validation text.
#pragma once

#include <functional>
#include <string>

#include "data/prepare.h"
#include "train/train_config.h"

namespace attnzoo {

struct MetricChoice {
  std::string best;            // never "auto"
  std::string early_stopping;  // "auto" in the recipe: as `best`
};

// "auto" is the accuracy of a classifier; of a translation model BLEU, or chrF where BLEU's tokeniser (13a) cannot cut the references
// into words; the loss for language models, where validation does not decode, and where references or sources are all blank. `say`
// receives a line for everything in the validation text that a metric cannot measure. Throws ConfigError when the recipe names a metric
// for which all references are blank.
MetricChoice choose_metrics(const TrainConfig& config, const PreparedData& data, bool is_classifier,
                            const std::function<void(const std::string&)>& say);

}  // namespace attnzoo
