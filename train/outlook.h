// What a training will amount to, said before it begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/train_config.h"

namespace attnzoo {

// "training: 400 pairs, 3 steps per epoch", and a warning where the warm-up outlasts max_steps or max_epochs.
std::vector<std::string> outlook(const TrainConfig& config, int64_t num_pairs, int64_t epoch_batches);

}  // namespace attnzoo
