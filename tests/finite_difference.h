// A derivative by central differences, for tests of gradients in double.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace attnzoo::test {

// d loss() / d parameter[index]; index counts flattened entries.
template <class Loss>
double finite_difference(const torch::Tensor& parameter, int64_t index, const Loss& loss) {
  const at::NoGradGuard no_grad;
  auto entry = parameter.view({-1})[index];
  const double value = entry.template item<double>(), epsilon = 1e-6;
  const auto loss_at = [&](double moved) {
    entry.fill_(moved);
    return loss().template item<double>();
  };
  const double above = loss_at(value + epsilon), below = loss_at(value - epsilon);
  entry.fill_(value);
  return (above - below) / (2 * epsilon);
}

}  // namespace attnzoo::test
