// Which positions the rows of a tensor are: packed [P, ..], sentence after sentence without padding, or padded [B, S, ..] with padding on
// the right. What works on both takes a Rows beside the tensor.
#pragma once

#include <torch/types.h>

#include "models/layers/packing.h"

namespace attnzoo {

struct Rows {
  const Packing* packing = nullptr;  // null: padded. Must outlive the Rows.
  torch::Tensor keep_BS;             // padded only: true where a real token stands
  torch::Tensor length_B;            // int64, real positions a sentence
  torch::Tensor position;            // int64, place of each row in its sentence: [P] or [B, S]

  static Rows packed(const Packing& packing, const torch::Tensor& length_B) { return {&packing, {}, length_B, packing.position_P}; }
  // Traceable: no size of a tensor is read.
  static Rows padded(const torch::Tensor& keep_BS);
  // keep_BS for either layout.
  torch::Tensor keep() const;
  // A tensor of this layout as [B, S, ..] (packed: zeros where padding stands), and back.
  torch::Tensor to_padded(const torch::Tensor& x) const { return packing ? packing->unpack(x) : x; }
  torch::Tensor from_padded(const torch::Tensor& padded) const { return packing ? packing->pack(padded) : padded; }
  // One row a sentence, [B, X], as one row a position: [P, X], or [B, 1, X] where padded. Undefined stays undefined.
  torch::Tensor spread(const torch::Tensor& per_sentence_BX) const;
};

}  // namespace attnzoo
