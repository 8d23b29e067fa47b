#include "train/penalty.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace attnzoo {

void add_penalty_gradients(const NamedTensors& parameters, double l1, double l2) {
  if (l1 == 0 && l2 == 0) return;
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) {
    auto gradient = parameter.grad();
    if (!gradient.defined() || parameter.dim() < 2) continue;
    if (l2 > 0) gradient.add_(parameter, 2 * l2);
    if (l1 > 0) gradient.add_(parameter.sign(), l1);
  }
}

}  // namespace attnzoo
