// One recurrent cell: its weights, with torch's names and layout, and one step. LSTM, GRU, or the simple cell
// h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) with f = tanh or relu (Elman 1990).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/layers/linear_pass.h"
#include "models/part.h"

namespace attnzoo {

enum class CellKind { kLstm, kGru, kTanh, kRelu };
const std::vector<std::string>& cell_names();  // "lstm", "gru", "tanh", "relu"
CellKind cell_kind(const std::string& name);   // throws ConfigError for other names
inline int64_t num_gates(CellKind kind) { return kind == CellKind::kLstm ? 4 : kind == CellKind::kGru ? 3 : 1; }
// Number of tensors in a state: h, and c for the LSTM.
inline int64_t num_state_tensors(CellKind kind) { return kind == CellKind::kLstm ? 2 : 1; }

class Cell : public Part {
 public:
  // Weights are uniform in +-1/sqrt(hidden), biases zero, except the LSTM's forget gate: 1 (Jozefowicz et al. 2015).
  Cell(CellKind kind, int64_t input_dim, int64_t hidden_dim);

  // x_NI, state {h_NH} or {h_NH, c_NH} -> the next state. Kernels if frozen, else ATen's cells.
  // mask_NH (training only, may be undefined): multiplies h in W_hh h, but not the carried h (variational dropout).
  std::vector<torch::Tensor> step(const torch::Tensor& x_NI, const std::vector<torch::Tensor>& state,
                                  const torch::Tensor& mask_NH = {}) const;
  // W_ih x + b_ih and W_hh h + b_hh, for any leading shape.
  torch::Tensor input_part(const torch::Tensor& x) const { return packed_ih_ ? packed_ih_->apply(x) : linear_pass(x, weight_ih, bias_ih); }
  torch::Tensor recurrent_part(const torch::Tensor& h) const {
    return packed_hh_ ? packed_hh_->apply(h) : linear_pass(h, weight_hh, bias_hh);
  }

  const CellKind kind;
  const int64_t hidden_dim;
  torch::Tensor weight_ih, weight_hh;  // [G * H, input], [G * H, H]
  torch::Tensor bias_ih, bias_hh;      // [G * H]

 protected:
  void pack(Compute compute) override;
  void unpack() override;

 private:
  torch::Tensor masked_gru(const torch::Tensor& x_NI, const torch::Tensor& h_NH, const torch::Tensor& mask_NH) const;
  std::shared_ptr<const kernels::PackedLinear> packed_ih_, packed_hh_;
};

// gx, gh [n, G * H] and the previous state -> {h} or {h, c}. `gates` (may be undefined) receives what the backward pass needs, [n, 4H].
std::vector<torch::Tensor> cell_forward(CellKind kind, const torch::Tensor& gx, const torch::Tensor& gh,
                                        const std::vector<torch::Tensor>& state, torch::Tensor gates);

}  // namespace attnzoo
