#include "train/run_length.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/progress.h"

namespace attnzoo {
namespace {

std::string short_warmup_warning(const TrainConfig& config, const RunLength& length, int64_t warmup_steps, const std::string& run) {
  const bool by_epochs = config.max_steps == 0 || length.steps < config.max_steps;
  return fmt::format(
      "warning: the warm-up of {} does not end in {}, so the learning rate never gets to {}; lower train.schedule.warmup_steps{}",
      counted(warmup_steps, "step"), run, config.learning_rate, by_epochs ? ", or train.batch.batch_tokens for more steps" : "");
}

}  // namespace

RunLength run_length(const TrainConfig& config, int64_t num_pairs, int64_t epoch_batches) {
  RunLength length;
  length.num_pairs = num_pairs;
  length.steps_per_epoch = std::max<int64_t>((epoch_batches + config.accumulate - 1) / config.accumulate, 1);
  length.steps = config.max_steps;
  if (config.max_epochs > 0) {
    const int64_t by_epochs = config.max_epochs * length.steps_per_epoch;
    length.steps = length.steps > 0 ? std::min(length.steps, by_epochs) : by_epochs;
  }
  return length;
}

int64_t default_warmup(const RunLength& length) { return std::min<int64_t>(1000, 20 * length.steps_per_epoch); }

std::vector<std::string> outlook(const TrainConfig& config, const RunLength& length, int64_t warmup_steps, const std::string& item) {
  std::vector<std::string> lines = {fmt::format("training: {}, {} per epoch, warm-up of {}", counted(length.num_pairs, item),
                                                counted(length.steps_per_epoch, "step"), counted(warmup_steps, "step"))};
  if (config.validate_every == 0 && length.steps_per_epoch < kMinStepsBetweenEpochValidations) {
    const int64_t epochs = (kMinStepsBetweenEpochValidations + length.steps_per_epoch - 1) / length.steps_per_epoch;
    lines[0] += fmt::format(", a checkpoint every {} epochs (train.validate_every sets another interval)", epochs);
  }
  if (length.steps > 0 && warmup_steps > length.steps)
    lines.push_back(short_warmup_warning(config, length, warmup_steps, "a run of " + counted(length.steps, "step")));
  return lines;
}

std::vector<std::string> outlook_in_time(const TrainConfig& config, const RunLength& length, int64_t warmup_steps,
                                         double seconds_per_step) {
  if (config.max_time <= 0 || !(seconds_per_step > 0)) return {};
  const auto steps = static_cast<int64_t>(std::ceil(config.max_time / seconds_per_step));
  if (length.steps > 0 && length.steps <= steps) return {};
  const double epochs = static_cast<double>(steps) / static_cast<double>(length.steps_per_epoch);
  std::vector<std::string> lines = {fmt::format("at this pace, max_time of {} is about {}, {:.{}f} epochs", short_duration(config.max_time),
                                                counted(steps, "step"), epochs, epochs < 10 ? 1 : 0)};
  if (warmup_steps > steps) lines.push_back(short_warmup_warning(config, length, warmup_steps, "about " + counted(steps, "step")));
  return lines;
}

}  // namespace attnzoo
