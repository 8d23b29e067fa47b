#include "train/sgd.h"

#include <ATen/ops/zeros_like.h>

namespace attnzoo {

Sgd::Sgd(const OptimizerConfig& config, NamedTensors parameters) : Optimizer(std::move(parameters)), config_(config) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters_) momentum_[name] = at::zeros_like(parameter);
}

void Sgd::step(double learning_rate, double gradient_factor) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, parameter] : parameters_) {
    if (!parameter.grad().defined()) continue;
    auto& momentum = momentum_.at(name);
    momentum.mul_(config_.momentum).add_(parameter.grad(), gradient_factor);
    if (config_.weight_decay > 0) momentum.add_(parameter, config_.weight_decay);
    parameter.add_(momentum, -learning_rate);
  }
}

NamedTensors Sgd::state() const {
  NamedTensors state;
  for (const auto& [name, momentum] : momentum_) state.emplace(name + "/momentum", momentum);
  return state;
}

}  // namespace attnzoo
