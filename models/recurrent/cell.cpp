#include "models/recurrent/cell.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"
#include "models/kernels/recurrent_cells.h"
#include "models/layers/parameters.h"

namespace attnzoo {

const std::vector<std::string>& cell_names() {
  static const std::vector<std::string> names = {"lstm", "gru", "tanh", "relu"};
  return names;
}

CellKind cell_kind(const std::string& name) {
  const auto& names = cell_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) fail<ConfigError>("model.cell: unknown cell '{}'; known cells: {}", name, fmt::join(names, ", "));
  return static_cast<CellKind>(found - names.begin());
}

Cell::Cell(CellKind cell, int64_t input_dim, int64_t hidden) : kind(cell), hidden_dim(hidden) {
  const int64_t rows = num_gates(kind) * hidden;
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
  weight_ih = register_parameter("weight_ih", uniform_parameter({rows, input_dim}, bound));
  weight_hh = register_parameter("weight_hh", uniform_parameter({rows, hidden}, bound));
  auto bias = torch::zeros({rows}, parameter_options());
  if (kind == CellKind::kLstm) bias.narrow(0, hidden, hidden).fill_(1);
  bias_ih = register_parameter("bias_ih", bias);
  bias_hh = register_parameter("bias_hh", torch::zeros({rows}, parameter_options()));
}

void Cell::pack(Compute compute) {
  packed_ih_ = kernels::pack_linear(weight_ih, bias_ih, compute);
  packed_hh_ = kernels::pack_linear(weight_hh, bias_hh, compute);
}

void Cell::unpack() {
  packed_ih_.reset();
  packed_hh_.reset();
}

std::vector<torch::Tensor> Cell::step(const torch::Tensor& x_NI, const std::vector<torch::Tensor>& state,
                                      const torch::Tensor& mask_NH) const {
  if (frozen()) return cell_forward(kind, input_part(x_NI), recurrent_part(state[0]), state, {});
  const auto h_NH = mask_NH.defined() ? state[0] * mask_NH : state[0];
  switch (kind) {
    case CellKind::kGru:
      if (mask_NH.defined()) return {masked_gru(x_NI, state[0], mask_NH)};
      return {at::gru_cell(x_NI, h_NH, weight_ih, weight_hh, bias_ih, bias_hh)};
    case CellKind::kTanh:
      return {at::rnn_tanh_cell(x_NI, h_NH, weight_ih, weight_hh, bias_ih, bias_hh)};
    case CellKind::kRelu:
      return {at::rnn_relu_cell(x_NI, h_NH, weight_ih, weight_hh, bias_ih, bias_hh)};
    case CellKind::kLstm:
      break;
  }
  const auto [h, c] = at::lstm_cell(x_NI, {h_NH, state[1]}, weight_ih, weight_hh, bias_ih, bias_hh);
  return {h, c};
}

// Only the product sees the mask; with ATen's cells, the carried h would be masked too.
torch::Tensor Cell::masked_gru(const torch::Tensor& x_NI, const torch::Tensor& h_NH, const torch::Tensor& mask_NH) const {
  const auto gx = input_part(x_NI).chunk(3, -1), gh = recurrent_part(h_NH * mask_NH).chunk(3, -1);
  const auto r = (gx[0] + gh[0]).sigmoid(), z = (gx[1] + gh[1]).sigmoid();
  return (1 - z) * (gx[2] + r * gh[2]).tanh() + z * h_NH;
}

std::vector<torch::Tensor> cell_forward(CellKind kind, const torch::Tensor& gx, const torch::Tensor& gh,
                                        const std::vector<torch::Tensor>& state, torch::Tensor gates) {
  if (num_gates(kind) == 1) {
    auto h = gx + gh;
    if (kind == CellKind::kRelu)
      h.relu_();
    else
      kernels::tanh_rows(h.size(0), h.size(1), h.data_ptr<float>());
    return {h};
  }
  const int64_t num_rows = gx.size(0), hidden = gx.size(1) / num_gates(kind);
  std::vector<torch::Tensor> next;
  for (int64_t i = 0; i < num_state_tensors(kind); ++i) next.push_back(torch::empty({num_rows, hidden}, gx.options()));
  float* kept = gates.defined() ? gates.data_ptr<float>() : nullptr;
  const auto before = state.back().contiguous();  // c for the LSTM, h for the GRU
  const float *x = gx.const_data_ptr<float>(), *y = gh.const_data_ptr<float>(), *last = before.const_data_ptr<float>();
  if (kind == CellKind::kLstm)
    kernels::lstm_cell_forward(num_rows, hidden, x, y, last, next[0].data_ptr<float>(), next[1].data_ptr<float>(), kept);
  else
    kernels::gru_cell_forward(num_rows, hidden, x, y, last, next[0].data_ptr<float>(), kept);
  return next;
}

}  // namespace attnzoo
