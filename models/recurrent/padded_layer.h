// Recurrent layers in ATen over rows in the layout of at::_pack_padded_sequence: the first positions of all sentences, then the second
// ones, longest sentence first. Any device and type.
#pragma once

#include <torch/types.h>

#include "models/recurrent/cell.h"

namespace attnzoo {

// Both directions in one fused, traceable call: data_PI -> [P, 2H]. zero: [2, B, H], the initial state.
torch::Tensor run_fused_layer(const Cell& ahead, const Cell& back, const torch::Tensor& data_PI, const torch::Tensor& batch_sizes,
                              const torch::Tensor& zero, bool training);

// One direction, step by step, with recurrent masks (Cell::step), which the fused layers lack: mask_BH, longest sentence first.
// data_PI -> [P, H]. Not traceable.
torch::Tensor run_masked_layer(const Cell& cell, const torch::Tensor& data_PI, const torch::Tensor& batch_sizes,
                               const torch::Tensor& mask_BH, bool reversed);

}  // namespace attnzoo
