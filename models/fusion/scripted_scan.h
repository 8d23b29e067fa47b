// The loops of models/fusion/fusion_layer as TorchScript, for traces: a C++ loop over positions would be baked into a trace with the length
// of its example. The conformance test compares them with the C++ loops.
#pragma once

#include <torch/types.h>

#include <vector>

#include "models/recurrent/cell.h"

namespace attnzoo {

// Call both only while tracing; their graphs become part of the trace.
// gx_BTG, a_BTD, weight_hh, bias_hh, h, c (h again for a cell without c) -> h_BTD
torch::Tensor scripted_scan(CellKind kind, bool multiply, const std::vector<torch::Tensor>& inputs);
// gx_BTG, x_BTD, q_BTD (scaled by sqrt(D)), weight_hh, bias_hh, h, c -> h_BTD
torch::Tensor scripted_causal_scan(CellKind kind, bool multiply, const std::vector<torch::Tensor>& inputs);

}  // namespace attnzoo
