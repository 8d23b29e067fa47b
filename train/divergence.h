// Training that diverges: weights that are not finite are found before they are saved, and the message says what to do.
#pragma once

#include <string>
#include <vector>

#include "models/checkpoint.h"
#include "train/train_config.h"

namespace attnzoo {

// The tensors that hold a value which is not finite (infinite, or not a number).
std::vector<std::string> nonfinite_names(const NamedTensors& tensors);

// Throws CheckpointError, naming file and tensors, unless all weights and all tensors beside them (averages, moments) are finite.
void check_finite(const CheckpointContents& contents, const std::string& where, const std::string& advice);

// What to change, and whether to resume or to start again.
std::string divergence_advice(const TrainConfig& config, bool has_checkpoint);

}  // namespace attnzoo
