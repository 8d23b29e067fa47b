#include "train/outlook.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/progress.h"

namespace attnzoo {

std::vector<std::string> outlook(const TrainConfig& config, int64_t num_pairs, int64_t epoch_batches) {
  const int64_t steps_per_epoch = std::max<int64_t>((epoch_batches + config.accumulate - 1) / config.accumulate, 1);
  std::vector<std::string> lines = {
      fmt::format("training: {}, {} per epoch", counted(num_pairs, "pair"), counted(steps_per_epoch, "step"))};
  int64_t steps = config.max_steps;
  if (config.max_epochs > 0) {
    const int64_t by_epochs = config.max_epochs * steps_per_epoch;
    steps = steps > 0 ? std::min(steps, by_epochs) : by_epochs;
  }
  const int64_t warmup = config.schedule.warmup_steps;
  if (steps > 0 && warmup >= steps)
    lines.push_back(
        fmt::format("warning: the warm-up of {} does not end in a run of {}, so the learning rate never gets to {}; lower "
                    "train.schedule.warmup_steps{}",
                    counted(warmup, "step"), counted(steps, "step"), config.learning_rate,
                    config.max_epochs > 0 ? ", or train.batch.batch_tokens for more steps per epoch" : ""));
  return lines;
}

}  // namespace attnzoo
