// Which positions a tensor's rows are: packed [P, ..], sentence after sentence without padding, or padded [B, S, ..] with padding on the
// right. Functions that accept both take a Rows beside the tensor.
#pragma once

#include <torch/types.h>

#include "models/layers/packing.h"

namespace attnzoo {

struct Rows {
  const Packing* packing = nullptr;  // null: padded. Must outlive the Rows.
  torch::Tensor keep_BS;             // padded only: true at real tokens
  torch::Tensor length_B;            // int64, real positions per sentence
  torch::Tensor position;            // int64, each row's position in its sentence: [P] or [B, S]

  static Rows packed(const Packing& packing, const torch::Tensor& length_B) { return {&packing, {}, length_B, packing.position_P}; }
  // Traceable: reads no tensor size.
  static Rows padded(const torch::Tensor& keep_BS);
  // keep_BS for either layout.
  torch::Tensor keep() const;
  // A tensor of this layout as [B, S, ..], with zeros for padding if packed, and back.
  torch::Tensor to_padded(const torch::Tensor& x) const { return packing ? packing->unpack(x) : x; }
  torch::Tensor from_padded(const torch::Tensor& padded) const { return packing ? packing->pack(padded) : padded; }
  // One row per sentence, [B, X], as one row per position: [P, X], or [B, 1, X] if padded. Undefined stays undefined.
  torch::Tensor spread(const torch::Tensor& per_sentence_BX) const;
};

}  // namespace attnzoo
