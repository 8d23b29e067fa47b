#include "models/layers/rows.h"

#include <ATen/ATen.h>

namespace attnzoo {

Rows Rows::padded(const torch::Tensor& keep_BS) {
  return {nullptr, keep_BS, keep_BS.sum(1), at::ones_like(keep_BS, torch::kLong).cumsum(1) - 1};
}

torch::Tensor Rows::keep() const {
  if (!packing) return keep_BS;
  return at::arange(packing->padded_length).unsqueeze(0) < length_B.unsqueeze(1);
}

torch::Tensor Rows::spread(const torch::Tensor& per_sentence_BX) const {
  if (!per_sentence_BX.defined()) return per_sentence_BX;
  return packing ? per_sentence_BX.repeat_interleave(length_B, 0) : per_sentence_BX.unsqueeze(1);
}

}  // namespace attnzoo
