// How long a training will be: what follows from it for the warm-up, and what is said about it before and soon after the start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/train_config.h"

namespace attnzoo {

struct RunLength {
  int64_t num_pairs = 0;
  int64_t steps_per_epoch = 1;
  int64_t steps = 0;  // by max_steps and max_epochs, whichever is less; 0 for no such limit
};

RunLength run_length(const TrainConfig& config, int64_t num_pairs, int64_t epoch_batches);

// What "auto" stands for in schedule.warmup_steps: 1000 steps, but at most 20 epochs. It does not depend on max_steps or max_epochs: a run
// that is given more steps must equal one that had them from the start.
int64_t default_warmup(const RunLength& length);

// Validations at the end of an epoch (validate_every 0) lie at least so many steps apart: epochs of a few steps are not validated each.
constexpr int64_t kMinStepsBetweenEpochValidations = 100;

// "training: 400 pairs, 3 steps per epoch, warm-up of 60 steps", how often it validates and saves if not each epoch, and a warning where
// the warm-up outlasts max_steps or max_epochs. `item`: "pair" or "text".
std::vector<std::string> outlook(const TrainConfig& config, const RunLength& length, int64_t warmup_steps, const std::string& item);

// Of a run with max_time, once the pace is known: "at this pace, max_time of 1 min 00 s is about 200 steps, 67 epochs", and a warning where
// the warm-up outlasts them. Empty without max_time, or where another limit comes first.
std::vector<std::string> outlook_in_time(const TrainConfig& config, const RunLength& length, int64_t warmup_steps, double seconds_per_step);

}  // namespace attnzoo
