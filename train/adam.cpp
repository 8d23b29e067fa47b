#include "train/adam.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace attnzoo {

Adam::Adam(const OptimizerConfig& config, NamedTensors parameters) : Optimizer(std::move(parameters)), config_(config) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters_) moments_[name] = {at::zeros_like(parameter), at::zeros_like(parameter)};
  const auto device = parameters_.empty() ? torch::Device(torch::kCPU) : parameters_.begin()->second.device();
  step_ = at::zeros({}, torch::TensorOptions(torch::kFloat).device(device));
}

void Adam::update(bool decayed, double learning_rate, const std::optional<torch::Tensor>& gradient_divisor) {
  std::vector<torch::Tensor> weights, gradients, first, second, steps;
  const bool decoupled = config_.kind == "adamw";
  for (auto& [name, parameter] : parameters_) {
    if (!parameter.grad().defined() || (!decoupled || parameter.dim() > 1) != decayed) continue;
    weights.push_back(parameter);
    gradients.push_back(parameter.grad());
    first.push_back(moments_.at(name).first);
    second.push_back(moments_.at(name).second);
    steps.push_back(step_);
  }
  if (weights.empty()) return;
  const double decay = decayed ? config_.weight_decay : 0.0;
  const auto run = [&](auto fused) {
    fused(weights, gradients, first, second, std::vector<torch::Tensor>(), steps, learning_rate, config_.beta1, config_.beta2, decay,
          config_.epsilon, /*amsgrad=*/false,
          /*maximize=*/false, gradient_divisor, std::optional<torch::Tensor>());
  };
  // In a lambda each: both names are overloaded on the type of the learning rate.
  if (decoupled) {
    run([](auto&&... arguments) { at::_fused_adamw_(std::forward<decltype(arguments)>(arguments)...); });
  } else {
    run([](auto&&... arguments) { at::_fused_adam_(std::forward<decltype(arguments)>(arguments)...); });
  }
}

void Adam::step(double learning_rate, double gradient_factor) {
  const torch::NoGradGuard no_grad;
  step_.add_(1);
  std::optional<torch::Tensor> divisor;
  if (gradient_factor != 1) divisor = at::full({}, 1 / gradient_factor, step_.options());
  update(true, learning_rate, divisor);
  update(false, learning_rate, divisor);
}

NamedTensors Adam::state() const {
  NamedTensors state{{"step", step_}};
  for (const auto& [name, moments] : moments_) {
    state.emplace(name + "/first", moments.first);
    state.emplace(name + "/second", moments.second);
  }
  return state;
}

}  // namespace attnzoo
