#include "models/transformer/transformer_encoder.h"

namespace attnzoo {

TransformerEncoder::TransformerEncoder(const TransformerEncoderConfig& config)
    : model_dim_(config.dim),
      layer_drop_(config.layer_drop),
      input_(register_module("input", std::make_shared<TransformerInput>(config))),
      layers_(add_layers<EncoderLayer>(*this, config)) {
  if (config.ends_with_norm()) norm_ = add_norm(*this, "norm", config.norm_kind, config.dim);
}

torch::Tensor TransformerEncoder::run(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>* self_BHSS) const {
  auto stream = input_->forward(embedded, rows.position);
  for (const auto& layer : layers_) {
    if (skips_layer(layer_drop_, is_training())) continue;
    stream = layer->forward(stream, rows, self_BHSS ? &self_BHSS->emplace_back() : nullptr);
  }
  return norm_ ? norm_->forward(stream) : stream;
}

}  // namespace attnzoo
