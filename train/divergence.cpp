#include "train/divergence.h"

#include <ATen/ATen.h>

#include "data/error.h"

namespace attnzoo {

std::vector<std::string> nonfinite_names(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors)
    if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>()) names.push_back(name);
  return names;
}

void check_finite(const CheckpointContents& contents, const std::string& where, const std::string& advice) {
  const auto check = [&](const NamedTensors& tensors, const char* what) {
    const auto names = nonfinite_names(tensors);
    if (names.empty()) return;
    const auto which = names.size() > 1 ? fmt::format("'{}' and {} more in {} are", names.front(), names.size() - 1, what)
                                        : fmt::format("'{}' in {} is", names.front(), what);
    fail<CheckpointError>("{}: not saved: {} not finite: training diverged; {}", where, which, advice);
  };
  check(contents.weights, "the weights");
  for (const auto& [name, tensors] : contents.extra_tensors) check(tensors, name == "optimizer" ? "the optimiser's state" : "the weights");
}

std::string divergence_advice(const TrainConfig& config, bool has_checkpoint) {
  const auto clip =
      config.clip_norm > 0 ? fmt::format("train.clip_norm ({})", config.clip_norm) : std::string("set train.clip_norm (0, which is off)");
  return fmt::format("lower train.learning_rate ({}) or {}, then {}", config.learning_rate, clip,
                     has_checkpoint ? "resume from the last checkpoint with --resume --override, or start again" : "start again");
}

}  // namespace attnzoo
