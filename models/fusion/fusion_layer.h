// A recurrent layer with attention fused into its cell:
//
//   e_ij = (W_a x_i + b_a) . h_j,   a_i = sum_j softmax_j(e_ij) x_j          attention of position i over positions j
//   h_t  = f(W_hh (h_(t-1) + a_t) + W_xh x_t + b_h)                          add; multiply: h_(t-1) * a_t, elementwise
//   y_t  = tanh(W_hy h_t + b_y)                                              input of the layer above
//
// f is the simple cell (tanh, relu), LSTM or GRU; in gated cells only the input of the recurrent matmul is fused, not the carried state.
// All widths are D. A score needs a state h_j, which does not exist yet for j >= t; hence two forms. In both, the caller chooses what is
// attended over:
//
//   two-sided   h_j are the states of the layer beneath (for the lowest layer: its input), over the whole text
//   causal      j < t: the layer's own earlier states; a_0 = 0
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/layers/linear.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

class FusionLayer : public Part {
 public:
  // multiply: h_(t-1) * a_t in place of h_(t-1) + a_t.
  FusionLayer(CellKind kind, int64_t dim, bool multiply);

  // (W_a x + b_a) * sqrt(D), since this project's attention functions divide scores by sqrt(D) and this score does not.
  torch::Tensor query(const torch::Tensor& x) const;
  torch::Tensor output(const torch::Tensor& h) const;  // y of h, [.., D] -> [.., D]
  // One position per row: x_ND, a_ND, state {h} or {h, c} -> the next state.
  std::vector<torch::Tensor> step(const torch::Tensor& x_ND, const torch::Tensor& a_ND, const std::vector<torch::Tensor>& state) const;
  // All positions, for known a, from `initial` -> h_BTD.
  torch::Tensor scan(const torch::Tensor& x_BTD, const torch::Tensor& a_BTD, const std::vector<torch::Tensor>& initial) const;
  // All positions in the causal form.
  torch::Tensor scan_causal(const torch::Tensor& x_BTD, const std::vector<torch::Tensor>& initial) const;

  CellKind kind() const { return cell_->kind; }

 private:
  std::vector<torch::Tensor> next(const torch::Tensor& gx_NG, const torch::Tensor& a_ND, const std::vector<torch::Tensor>& state) const;

  bool multiply_;
  int64_t dim_;
  std::shared_ptr<Cell> cell_;
  std::shared_ptr<Linear> query_, output_;
};

// The zero state before the first position, one row per row of x_BTD.
std::vector<torch::Tensor> zero_state(CellKind kind, const torch::Tensor& x_BTD);

}  // namespace attnzoo
