// Recurrent layers in ATen, over rows in the layout of at::_pack_padded_sequence: all sentences' first positions, then all second ones,
// longest sentence first. Any device, any type.
#pragma once

#include <torch/types.h>

#include "models/recurrent/cell.h"

namespace attnzoo {

// Both directions in one fused, traceable call: data_PI -> [P, 2H]. zero: [2, B, H], the initial state.
torch::Tensor run_fused_layer(const Cell& ahead, const Cell& back, const torch::Tensor& data_PI, const torch::Tensor& batch_sizes,
                              const torch::Tensor& zero, bool training);

// One direction, step by step, for the recurrent masks that the fused layers do not know (Cell::step): mask_BH, longest sentence first.
// data_PI -> [P, H]. Not traceable.
torch::Tensor run_masked_layer(const Cell& cell, const torch::Tensor& data_PI, const torch::Tensor& batch_sizes,
                               const torch::Tensor& mask_BH, bool reversed);

}  // namespace attnzoo
