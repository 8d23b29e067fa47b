#include "models/fusion/fusion_layer.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <cmath>

#include "models/attention/multi_head_attention.h"
#include "models/fusion/scripted_scan.h"
#include "models/layers/elementwise.h"

namespace attnzoo {
namespace {

// The cells in ATen: equal to cell_forward(), with autograd, in any type.
std::vector<torch::Tensor> differentiable_next(CellKind kind, const torch::Tensor& gx, const torch::Tensor& gh,
                                               const std::vector<torch::Tensor>& state) {
  if (kind == CellKind::kTanh) return {(gx + gh).tanh()};
  if (kind == CellKind::kRelu) return {(gx + gh).relu()};
  if (kind == CellKind::kLstm) {
    const auto gates = (gx + gh).chunk(4, -1);
    const auto c = gates[1].sigmoid() * state[1] + gates[0].sigmoid() * gates[2].tanh();
    return {gates[3].sigmoid() * c.tanh(), c};
  }
  const auto of_x = gx.chunk(3, -1), of_h = gh.chunk(3, -1);
  const auto update = (of_x[1] + of_h[1]).sigmoid();
  const auto candidate = (of_x[2] + (of_x[0] + of_h[0]).sigmoid() * of_h[2]).tanh();
  return {(1 - update) * candidate + update * state[0]};
}

}  // namespace

FusionLayer::FusionLayer(CellKind kind, int64_t dim, bool multiply)
    : multiply_(multiply),
      dim_(dim),
      cell_(register_module("cell", std::make_shared<Cell>(kind, dim, dim))),
      query_(add_linear(*this, "query", dim, dim)),
      output_(add_linear(*this, "output", dim, dim)) {}

torch::Tensor FusionLayer::query(const torch::Tensor& x) const { return query_->forward(x) * std::sqrt(static_cast<double>(dim_)); }

torch::Tensor FusionLayer::output(const torch::Tensor& h) const { return apply_elementwise(at::tanh, output_->forward(h), frozen()); }

std::vector<torch::Tensor> FusionLayer::next(const torch::Tensor& gx_NG, const torch::Tensor& a_ND,
                                             const std::vector<torch::Tensor>& state) const {
  const auto gh_NG = cell_->recurrent_part(multiply_ ? state[0] * a_ND : state[0] + a_ND);
  return frozen() ? cell_forward(cell_->kind, gx_NG.contiguous(), gh_NG, state, {}) : differentiable_next(cell_->kind, gx_NG, gh_NG, state);
}

std::vector<torch::Tensor> FusionLayer::step(const torch::Tensor& x_ND, const torch::Tensor& a_ND,
                                             const std::vector<torch::Tensor>& state) const {
  return next(cell_->input_part(x_ND), a_ND, state);
}

torch::Tensor FusionLayer::scan(const torch::Tensor& x_BTD, const torch::Tensor& a_BTD, const std::vector<torch::Tensor>& initial) const {
  const auto gx_BTG = cell_->input_part(x_BTD);
  if (torch::jit::tracer::isTracing())
    return scripted_scan(cell_->kind, multiply_, {gx_BTG, a_BTD, cell_->weight_hh, cell_->bias_hh, initial.front(), initial.back()});
  auto state = initial;
  std::vector<torch::Tensor> h;
  for (int64_t t = 0; t < x_BTD.size(1); ++t) {
    state = next(gx_BTG.select(1, t), a_BTD.select(1, t), state);
    h.push_back(state[0]);
  }
  return at::stack(h, 1);
}

torch::Tensor FusionLayer::scan_causal(const torch::Tensor& x_BTD, const std::vector<torch::Tensor>& initial) const {
  const auto gx_BTG = cell_->input_part(x_BTD), q_BTD = query(x_BTD);
  if (torch::jit::tracer::isTracing())
    return scripted_causal_scan(cell_->kind, multiply_,
                                {gx_BTG, x_BTD, q_BTD, cell_->weight_hh, cell_->bias_hh, initial.front(), initial.back()});
  auto state = initial;
  std::vector<torch::Tensor> h, past;  // past: [B, 2D] per position, state and input side by side, for later ones to attend to
  const auto own_row_B1 = at::arange(x_BTD.size(0), torch::kInt).unsqueeze(1);
  for (int64_t t = 0; t < x_BTD.size(1); ++t) {
    const auto q_BD = q_BTD.select(1, t);
    const auto a_BD = t == 0     ? at::zeros_like(q_BD)
                      : frozen() ? past_attention(q_BD.contiguous(), dim_, past, 0, 1, own_row_B1.expand({-1, t}).contiguous(), {})
                                 : padded_attention(q_BD.unsqueeze(1), at::stack(past, 1), {}, {}, false, 0, false).out.squeeze(1);
    state = next(gx_BTG.select(1, t), a_BD, state);
    h.push_back(state[0]);
    past.push_back(at::cat({state[0], x_BTD.select(1, t)}, -1));
  }
  return at::stack(h, 1);
}

std::vector<torch::Tensor> zero_state(CellKind kind, const torch::Tensor& x_BTD) {
  return std::vector<torch::Tensor>(static_cast<size_t>(num_state_tensors(kind)), at::zeros_like(x_BTD.select(1, 0)));
}

}  // namespace attnzoo
