#include "models/recurrent/recurrent_encoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "models/layers/dropout.h"
#include "models/recurrent/padded_layer.h"
#include "models/recurrent/sequence_pass.h"

namespace attnzoo {

RecurrentEncoder::RecurrentEncoder(const RecurrentEncoderConfig& config)
    : kind_(cell_kind(config.cell)),
      hidden_dim_(config.dim / 2),
      dropout_(config.dropout),
      variational_dropout_(config.variational_dropout),
      residual_(config.residual),
      positions_(*this, config.positions, config.embedding_dim) {
  for (int64_t l = 0; l < config.layers; ++l) {
    const int64_t width = l == 0 ? config.embedding_dim : config.dim;
    forward_.push_back(register_module(fmt::format("forward_{}", l), std::make_shared<Cell>(kind_, width, hidden_dim_)));
    backward_.push_back(register_module(fmt::format("backward_{}", l), std::make_shared<Cell>(kind_, width, hidden_dim_)));
    const auto norm = fmt::format("norm_{}", l);
    if (config.recurrent_norm == "layer") layer_norms_.push_back(add_norm(*this, norm.c_str(), "layer", config.dim));
    if (config.recurrent_norm == "batch") batch_norms_.push_back(register_module(norm, std::make_shared<StepBatchNorm>(config.dim)));
  }
}

torch::Tensor RecurrentEncoder::forward(const torch::Tensor& embedded, const Rows& rows) const {
  const auto masks = draw_masks(embedded, rows);
  const auto x = apply_dropout(positions_.add_to(embedded, rows.position), dropout_, is_training(), rows.spread(masks[0].input));
  return rows.packing ? forward_packed(x, rows, masks) : forward_padded(x, rows, masks);
}

torch::Tensor RecurrentEncoder::summary(const torch::Tensor& memory, const Rows& rows) const {
  if (rows.packing) {
    const auto offsets = torch::tensor(rows.packing->offsets, torch::kLong);
    const auto first_B = offsets.narrow(0, 0, rows.packing->num_sentences), last_B = offsets.narrow(0, 1, rows.packing->num_sentences) - 1;
    return at::cat(
        {memory.narrow(1, 0, hidden_dim_).index_select(0, last_B), memory.narrow(1, hidden_dim_, hidden_dim_).index_select(0, first_B)},
        -1);
  }
  const auto last = (rows.length_B - 1).unsqueeze(-1).unsqueeze(-1).expand({-1, 1, hidden_dim_});
  return at::cat({memory.narrow(2, 0, hidden_dim_).gather(1, last).squeeze(1), memory.narrow(2, hidden_dim_, hidden_dim_).select(1, 0)},
                 -1);
}

std::vector<RecurrentEncoder::LayerMasks> RecurrentEncoder::draw_masks(const torch::Tensor& embedded, const Rows& rows) const {
  std::vector<LayerMasks> masks(forward_.size());
  if (!is_training() || !variational_dropout_ || dropout_ == 0) return masks;
  const auto draw = [&](int64_t dim) { return sentence_dropout_mask(rows.length_B.size(0), dim, dropout_, embedded.options()); };
  for (size_t l = 0; l < masks.size(); ++l) masks[l] = {draw(forward_[l]->weight_ih.size(1)), draw(hidden_dim_), draw(hidden_dim_)};
  return masks;
}

torch::Tensor RecurrentEncoder::run_layers(torch::Tensor x, const torch::Tensor& position_P, const std::vector<LayerMasks>& masks,
                                           const std::function<torch::Tensor(const torch::Tensor& mask)>& spread,
                                           const std::function<torch::Tensor(size_t l, const torch::Tensor& x)>& run_layer) const {
  for (size_t l = 0; l < forward_.size(); ++l) {
    // Dropout has already been applied to the first layer's input.
    const auto& mask = masks[l].input;
    auto y = run_layer(l, l == 0 ? x : apply_dropout(x, dropout_, is_training(), mask.defined() ? spread(mask) : mask));
    if (!layer_norms_.empty()) y = layer_norms_[l]->forward(y);
    if (!batch_norms_.empty()) y = batch_norms_[l]->forward(y, position_P);
    x = residual_ && l > 0 ? y + x : y;
  }
  return x;
}

torch::Tensor RecurrentEncoder::forward_packed(const torch::Tensor& x_PI, const Rows& rows, const std::vector<LayerMasks>& masks) const {
  const TimeMajor ahead(*rows.packing, false), back(*rows.packing, true);
  return run_layers(
      x_PI, rows.position, masks, [&](const torch::Tensor& mask) { return rows.spread(mask); },
      [&](size_t l, const torch::Tensor& x) {
        return at::cat({run_sequence(*forward_[l], x, ahead, masks[l].ahead), run_sequence(*backward_[l], x, back, masks[l].back)}, 1);
      });
}

torch::Tensor RecurrentEncoder::forward_padded(const torch::Tensor& x_BSI, const Rows& rows, const std::vector<LayerMasks>& masks) const {
  const auto& length_B = rows.length_B;
  // ATen packs only rows that are sorted by length.
  const auto order_B = length_B.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const auto inverse_B = order_B.argsort();
  const auto sorted_length_B = length_B.index_select(0, order_B).cpu();
  const auto pack = [&](const torch::Tensor& x) { return at::_pack_padded_sequence(x.index_select(0, order_B), sorted_length_B, true); };
  const auto [data, batch_sizes] = pack(x_BSI);
  const auto zero = at::zeros_like(length_B).to(x_BSI.scalar_type()).unsqueeze(0).unsqueeze(-1).expand({2, -1, hidden_dim_}).contiguous();
  const auto position_P = batch_norms_.empty() ? torch::Tensor() : std::get<0>(pack(rows.position));
  const auto spread = [&, sizes = batch_sizes](const torch::Tensor& mask) {
    const auto sorted = mask.index_select(0, order_B);
    std::vector<torch::Tensor> steps;
    for (int64_t t = 0; t < sizes.size(0); ++t) steps.push_back(sorted.narrow(0, 0, sizes[t].item<int64_t>()));
    return at::cat(steps);
  };
  const auto run_layer = [&, sizes = batch_sizes](size_t l, const torch::Tensor& x) {
    const Cell &ahead = *forward_[l], &back = *backward_[l];
    if (!masks[l].ahead.defined()) return run_fused_layer(ahead, back, x, sizes, zero, is_training());
    return at::cat({run_masked_layer(ahead, x, sizes, masks[l].ahead.index_select(0, order_B), false),
                    run_masked_layer(back, x, sizes, masks[l].back.index_select(0, order_B), true)},
                   1);
  };
  const auto out = run_layers(data, position_P, masks, spread, run_layer);
  const auto padded = std::get<0>(at::_pad_packed_sequence(out, batch_sizes, true, 0.0, -1)).index_select(0, inverse_B);
  // Packing removes columns that are padding in every row. They are filled from a real column and zeroed; a slice would bake its length
  // into a trace.
  const auto column_S = at::minimum(rows.position.select(0, 0), length_B.max() - 1);
  return padded.index_select(1, column_S) * rows.keep_BS.unsqueeze(-1);
}

}  // namespace attnzoo
