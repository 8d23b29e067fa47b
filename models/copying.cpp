#include "models/copying.h"

#include <ATen/ATen.h>

#include "models/layers/elementwise.h"

namespace attnzoo {

torch::Tensor copy_logits(const torch::Tensor& logits_PV, const CopySource& copy, bool frozen) {
  const auto generated_PV = logits_PV.softmax(-1) * copy.generate_P1;
  const auto extended_PE = at::cat({generated_PV, at::zeros_like(copy.weights_PS)}, -1);
  const auto mixed_PE = extended_PE.scatter_add(-1, copy.source_PS, copy.weights_PS * (1 - copy.generate_P1));
  // Impossible words get a finite logarithm: see kImpossible.
  return apply_elementwise([](const torch::Tensor& x) { return at::log(x.clamp_min(1e-37)); }, mixed_PE, frozen);
}

torch::Tensor coverage_loss(const torch::Tensor& attention_BTS, const torch::Tensor& keep_BT) {
  const auto before_BTS = attention_BTS.cumsum(1) - attention_BTS;
  return (at::minimum(attention_BTS, before_BTS).sum(-1) * keep_BT).sum();
}

}  // namespace attnzoo
