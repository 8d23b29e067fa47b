#include "eval/label_logits.h"

#include <ATen/ATen.h>

#include <limits>

#include "data/special_tokens.h"

namespace attnzoo {

torch::Tensor label_logits(const torch::Tensor& logits_NV) {
  const auto labels = logits_NV.narrow(1, kNumSpecialTokens, logits_NV.size(1) - kNumSpecialTokens);
  return at::constant_pad_nd(labels, {kNumSpecialTokens, 0}, -std::numeric_limits<double>::infinity());
}

}  // namespace attnzoo
