#include "models/recurrent/bidirectional_encoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "models/layers/dropout.h"
#include "models/recurrent/sequence_pass.h"

namespace attnzoo {

BidirectionalEncoder::BidirectionalEncoder(CellKind kind, int64_t input_dim, int64_t hidden_dim, int64_t num_layers, double dropout)
    : kind_(kind), hidden_dim_(hidden_dim), dropout_(dropout) {
  for (int64_t l = 0; l < num_layers; ++l) {
    const int64_t width = l == 0 ? input_dim : 2 * hidden_dim;
    forward_.push_back(register_module(fmt::format("forward_{}", l), std::make_shared<Cell>(kind, width, hidden_dim)));
    backward_.push_back(register_module(fmt::format("backward_{}", l), std::make_shared<Cell>(kind, width, hidden_dim)));
  }
}

torch::Tensor BidirectionalEncoder::forward_packed(const torch::Tensor& x_PI, const Packing& packing) const {
  const TimeMajor ahead(packing, false), back(packing, true);
  auto x = x_PI;
  for (size_t l = 0; l < forward_.size(); ++l) {
    if (l > 0) x = apply_dropout(x, dropout_, is_training());
    x = at::cat({run_sequence(*forward_[l], x, ahead), run_sequence(*backward_[l], x, back)}, 1);
  }
  return x;
}

torch::Tensor BidirectionalEncoder::forward_padded(const torch::Tensor& x_BSI, const torch::Tensor& length_B) const {
  // ATen packs rows sorted by length only.
  const auto order_B = length_B.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const auto inverse_B = order_B.argsort();
  auto [data, batch_sizes] = at::_pack_padded_sequence(x_BSI.index_select(0, order_B), length_B.index_select(0, order_B).cpu(), true);
  const auto zero = at::zeros_like(length_B).to(x_BSI.scalar_type()).unsqueeze(0).unsqueeze(-1).expand({2, -1, hidden_dim_}).contiguous();
  for (size_t l = 0; l < forward_.size(); ++l) {
    if (l > 0) data = apply_dropout(data, dropout_, is_training());
    const Cell &f = *forward_[l], &b = *backward_[l];
    const std::vector<torch::Tensor> weights = {f.weight_ih, f.weight_hh, f.bias_ih, f.bias_hh,
                                                b.weight_ih, b.weight_hh, b.bias_ih, b.bias_hh};
    data = kind_ == CellKind::kLstm ? std::get<0>(at::lstm(data, batch_sizes, {zero, zero}, weights, true, 1, 0.0, is_training(), true))
                                    : std::get<0>(at::gru(data, batch_sizes, zero, weights, true, 1, 0.0, is_training(), true));
  }
  const auto padded = std::get<0>(at::_pad_packed_sequence(data, batch_sizes, true, 0.0, -1)).index_select(0, inverse_B);
  // Packing cuts columns that are padding in every row. Read a real column in their place and zero it: a slice would bake its length
  // into a trace.
  const auto position_BS = at::ones_like(x_BSI.select(2, 0), torch::kLong).cumsum(1) - 1;
  const auto keep_BS = position_BS < length_B.unsqueeze(1);
  const auto column_S = at::minimum(position_BS.select(0, 0), length_B.max() - 1);
  return padded.index_select(1, column_S) * keep_BS.unsqueeze(-1);
}

}  // namespace attnzoo
