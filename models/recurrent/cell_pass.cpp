#include "models/recurrent/cell_pass.h"

#include <ATen/ATen.h>

#include "models/kernels/recurrent_cells.h"

namespace attnzoo {

CellPass::CellPass(CellKind kind, const TimeMajor& order, torch::Tensor weight_hh, const torch::Tensor& bias_hh,
                   const std::vector<torch::Tensor>& initial, torch::Tensor mask_BH)
    : kind_(kind), order_(order), weight_hh_(std::move(weight_hh)), mask_BH_(std::move(mask_BH)), recurrent_(weight_hh_, bias_hh) {
  for (const auto& tensor : initial) initial_.push_back(tensor.contiguous());
  const int64_t hidden = weight_hh_.size(1);
  const auto options = weight_hh_.options().requires_grad(false);
  h_P = torch::empty({order.num_rows(), hidden}, options);
  if (num_gates(kind) > 1) gates_P_ = torch::empty({order.num_rows(), 4 * hidden}, options);
  if (kind == CellKind::kLstm) c_P_ = torch::empty({order.num_rows(), hidden}, options);
}

std::vector<torch::Tensor> CellPass::before(int64_t t) const {
  const int64_t rows = order_.step_rows[static_cast<size_t>(t)];
  std::vector<torch::Tensor> state;
  if (t == 0) {
    for (const auto& tensor : initial_) state.push_back(tensor.narrow(0, 0, rows));
  } else {
    state.push_back(order_.step(h_P, t - 1).narrow(0, 0, rows));
    if (kind_ == CellKind::kLstm) state.push_back(order_.step(c_P_, t - 1).narrow(0, 0, rows));
  }
  return state;
}

torch::Tensor CellPass::forward_step(int64_t t, const torch::Tensor& gx) {
  const auto state = before(t);
  const auto gh = recurrent_.apply(masked(state[0]));
  auto h = order_.step(h_P, t);
  if (num_gates(kind_) == 1) {
    at::add_out(h, gx, gh);
    return kind_ == CellKind::kTanh ? h.tanh_() : h.relu_();
  }
  const int64_t rows = h.size(0), hidden = h.size(1);
  float* gates = order_.step(gates_P_, t).data_ptr<float>();
  const float *x = gx.const_data_ptr<float>(), *y = gh.const_data_ptr<float>(), *last = state.back().const_data_ptr<float>();
  if (kind_ == CellKind::kLstm)
    kernels::lstm_cell_forward(rows, hidden, x, y, last, h.data_ptr<float>(), order_.step(c_P_, t).data_ptr<float>(), gates);
  else
    kernels::gru_cell_forward(rows, hidden, x, y, last, h.data_ptr<float>(), gates);
  return h;
}

void CellPass::start_backward() {
  d_gx_P = torch::empty({order_.num_rows(), weight_hh_.size(0)}, h_P.options());
  d_gh_P = kind_ == CellKind::kGru ? torch::empty_like(d_gx_P) : d_gx_P;
  recurrent_transposed_.emplace(weight_hh_.t());
  d_state_.clear();
  for (const auto& tensor : initial_) d_state_.push_back(torch::zeros_like(tensor));
}

torch::Tensor CellPass::backward_step(int64_t t, torch::Tensor d_h) {
  const auto state = before(t);
  const int64_t rows = d_h.size(0), hidden = d_h.size(1);
  auto d_before = d_state_[0].narrow(0, 0, rows);
  d_h.add_(d_before);  // from the next step
  auto d_gx = order_.step(d_gx_P, t), d_gh = order_.step(d_gh_P, t);
  if (num_gates(kind_) == 1) {
    const auto h = order_.step(h_P, t);
    if (kind_ == CellKind::kTanh)
      at::tanh_backward_out(d_gx, d_h, h);
    else
      at::threshold_backward_out(d_gx, d_h, h, 0);
    recurrent_transposed_->apply_to(d_before, d_gx);
    if (mask_BH_.defined()) d_before.mul_(mask_BH_.narrow(0, 0, rows));
    return d_gx;
  }
  const float* gates = order_.step(gates_P_, t).const_data_ptr<float>();
  if (kind_ == CellKind::kLstm) {
    kernels::lstm_cell_backward(rows, hidden, gates, state[1].const_data_ptr<float>(), order_.step(c_P_, t).const_data_ptr<float>(),
                                d_h.const_data_ptr<float>(), d_state_[1].data_ptr<float>(), d_gx.data_ptr<float>());
    recurrent_transposed_->apply_to(d_before, d_gh);
    if (mask_BH_.defined()) d_before.mul_(mask_BH_.narrow(0, 0, rows));
  } else {
    kernels::gru_cell_backward(rows, hidden, gates, state[0].const_data_ptr<float>(), d_h.data_ptr<float>(), d_gx.data_ptr<float>(),
                               d_gh.data_ptr<float>());
    if (mask_BH_.defined())
      at::add_out(d_before, d_h, masked(recurrent_transposed_->apply(d_gh)));
    else
      recurrent_transposed_->apply_to(d_before, d_gh, {.add = d_h});
  }
  return d_gx;
}

torch::Tensor CellPass::d_weight_hh() const {
  const int64_t first = order_.num_steps() > 0 ? order_.step_rows[0] : 0;
  std::vector<torch::Tensor> earlier;
  for (int64_t t = 1; t < order_.num_steps(); ++t) earlier.push_back(masked(before(t)[0]));
  auto gradient = d_gh_P.narrow(0, 0, first).t().mm(masked(initial_[0].narrow(0, 0, first)));
  if (!earlier.empty()) gradient.addmm_(d_gh_P.narrow(0, first, d_gh_P.size(0) - first).t(), at::cat(earlier));
  return gradient;
}

}  // namespace attnzoo
