#include "models/fusion/fusion_encoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "models/attention/multi_head_attention.h"
#include "models/layers/dropout.h"

namespace attnzoo {

FusionEncoder::FusionEncoder(const FusionConfig& config) : config_(config) {
  if (config.embedding_dim != config.dim) input_ = add_linear(*this, "input", config.embedding_dim, config.dim);
  for (int64_t l = 0; l < config.layers; ++l)
    layers_.push_back(register_module(fmt::format("layer_{}", l),
                                      std::make_shared<FusionLayer>(cell_kind(config.cell), config.dim, config.fusion == "multiply")));
}

torch::Tensor FusionEncoder::run(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>* self_BHSS) const {
  auto x = apply_dropout(embedded, config_.dropout, is_training());
  if (input_) x = input_->forward(x);
  auto beneath = x;  // the states that scores are computed with
  for (const auto& layer : layers_) {
    const auto x_BTD = rows.to_padded(x);
    const auto initial = zero_state(layer->kind(), x_BTD);
    torch::Tensor h_BTD;
    if (config_.form == "causal") {
      h_BTD = layer->scan_causal(x_BTD, initial);
    } else {
      const auto query = layer->query(x), kv = at::cat({beneath, x}, -1);
      const auto a = attend_sequences(query, rows, kv, rows, {}, 0, nullptr);
      if (self_BHSS) self_BHSS->push_back(attention_by_head(rows.to_padded(query), rows.to_padded(kv), rows.keep(), {}, false));
      h_BTD = layer->scan(x_BTD, rows.to_padded(a), initial);
    }
    beneath = rows.from_padded(h_BTD);
    x = apply_dropout(layer->output(beneath), config_.dropout, is_training());
  }
  return rows.packing ? x : x * rows.keep_BS.unsqueeze(-1);
}

}  // namespace attnzoo
