#include "models/recurrent/recurrent_encoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/config_checks.h"
#include "models/layers/dropout.h"
#include "models/recurrent/sequence_pass.h"

namespace attnzoo {

namespace {

// ATen's bidirectional layer over rows that its own packing has made.
torch::Tensor run_layer(CellKind kind, const torch::Tensor& data, const torch::Tensor& batch_sizes, const torch::Tensor& zero,
                        const std::vector<torch::Tensor>& weights, bool training) {
  switch (kind) {
    case CellKind::kLstm:
      return std::get<0>(at::lstm(data, batch_sizes, {zero, zero}, weights, true, 1, 0.0, training, true));
    case CellKind::kGru:
      return std::get<0>(at::gru(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
    case CellKind::kTanh:
      return std::get<0>(at::rnn_tanh(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
    case CellKind::kRelu:
      break;
  }
  return std::get<0>(at::rnn_relu(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
}

}  // namespace

RecurrentEncoderConfig RecurrentEncoderConfig::from_json(const nlohmann::json& fields) {
  RecurrentEncoderConfig config;
  FieldReader reader(fields, "model");
  reader.read_choice("cell", config.cell, cell_names());
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("dim", config.dim);
  reader.read("layers", config.layers);
  reader.read("dropout", config.dropout);
  check_at_least_one(reader, "embedding_dim", config.embedding_dim);
  check_at_least_one(reader, "layers", config.layers);
  check_fraction(reader, "dropout", config.dropout);
  if (config.dim < 2 || config.dim % 2 != 0)
    reader.problem("dim", fmt::format("of the encoder must be even and at least 2 (both directions together), got {}", config.dim));
  reader.finish();
  return config;
}

nlohmann::json RecurrentEncoderConfig::to_json() const {
  return {{"cell", cell}, {"embedding_dim", embedding_dim}, {"dim", dim}, {"layers", layers}, {"dropout", dropout}};
}

RecurrentEncoder::RecurrentEncoder(const RecurrentEncoderConfig& config)
    : kind_(cell_kind(config.cell)), hidden_dim_(config.dim / 2), dropout_(config.dropout) {
  for (int64_t l = 0; l < config.layers; ++l) {
    const int64_t width = l == 0 ? config.embedding_dim : 2 * hidden_dim_;
    forward_.push_back(register_module(fmt::format("forward_{}", l), std::make_shared<Cell>(kind_, width, hidden_dim_)));
    backward_.push_back(register_module(fmt::format("backward_{}", l), std::make_shared<Cell>(kind_, width, hidden_dim_)));
  }
}

torch::Tensor RecurrentEncoder::forward(const torch::Tensor& embedded, const Rows& rows) const {
  const auto x = apply_dropout(embedded, dropout_, is_training());
  return rows.packing ? forward_packed(x, *rows.packing) : forward_padded(x, rows);
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

torch::Tensor RecurrentEncoder::forward_packed(torch::Tensor x, const Packing& packing) const {
  const TimeMajor ahead(packing, false), back(packing, true);
  for (size_t l = 0; l < forward_.size(); ++l) {
    if (l > 0) x = apply_dropout(x, dropout_, is_training());
    x = at::cat({run_sequence(*forward_[l], x, ahead), run_sequence(*backward_[l], x, back)}, 1);
  }
  return x;
}

torch::Tensor RecurrentEncoder::forward_padded(const torch::Tensor& x_BSI, const Rows& rows) const {
  const auto& length_B = rows.length_B;
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
    data = run_layer(kind_, data, batch_sizes, zero, weights, is_training());
  }
  const auto padded = std::get<0>(at::_pad_packed_sequence(data, batch_sizes, true, 0.0, -1)).index_select(0, inverse_B);
  // Packing cuts columns that are padding in every row. Read a real column in their place and zero it: a slice would bake its length
  // into a trace.
  const auto column_S = at::minimum(rows.position.select(0, 0), length_B.max() - 1);
  return padded.index_select(1, column_S) * rows.keep_BS.unsqueeze(-1);
}

}  // namespace attnzoo
