// A stack of bidirectional recurrent layers over the source (Schuster and Paliwal 1997; the encoder of Bahdanau et al. 2015). Neither
// direction sees padding: the backward one starts at each sentence's own last token.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/layers/packing.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

class BidirectionalEncoder : public torch::nn::Module {
 public:
  // Each direction has width hidden_dim; the output C = 2 * hidden_dim. `dropout` acts between layers.
  BidirectionalEncoder(CellKind kind, int64_t input_dim, int64_t hidden_dim, int64_t num_layers, double dropout);

  // Packed rows [P, I] -> [P, C]. Float on the CPU: hand-written passes with autograd, packed kernels in inference.
  torch::Tensor forward_packed(const torch::Tensor& x_PI, const Packing& packing) const;
  // Padded [B, S, I] with length_B (int64) -> [B, S, C], zeros where padding stands; ATen's fused layers. Traceable.
  torch::Tensor forward_padded(const torch::Tensor& x_BSI, const torch::Tensor& length_B) const;
  int64_t memory_dim() const { return 2 * hidden_dim_; }

 private:
  CellKind kind_;
  int64_t hidden_dim_;
  double dropout_;
  std::vector<std::shared_ptr<Cell>> forward_, backward_;  // one a layer
};

}  // namespace attnzoo
