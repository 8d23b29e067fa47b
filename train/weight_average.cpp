#include "train/weight_average.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace attnzoo {

WeightAverage::WeightAverage(NamedTensors parameters, double decay) : parameters_(std::move(parameters)), decay_(decay) {
  for (const auto& [name, parameter] : parameters_) average_.emplace(name, parameter.detach().clone());
}

void WeightAverage::update(int64_t step) {
  const torch::NoGradGuard no_grad;
  const double decay = std::min(decay_, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
  for (auto& [name, average] : average_) average.lerp_(parameters_.at(name), 1 - decay);
}

void WeightAverage::swap() {
  const torch::NoGradGuard no_grad;
  for (auto& [name, average] : average_) {
    auto& parameter = parameters_.at(name);
    const auto trained = parameter.detach().clone();
    parameter.copy_(average);
    average.copy_(trained);
  }
}

void WeightAverage::restart() {
  const torch::NoGradGuard no_grad;
  for (auto& [name, average] : average_) average.copy_(parameters_.at(name));
}

}  // namespace attnzoo
