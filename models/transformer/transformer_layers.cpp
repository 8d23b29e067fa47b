#include "models/transformer/transformer_layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/attention/multi_head_attention.h"

namespace attnzoo {

EncoderLayer::EncoderLayer(const TransformerEncoderConfig& config)
    : attention_residual_(register_module("attention_residual", std::make_shared<Residual>(config))),
      feed_forward_residual_(register_module("feed_forward_residual", std::make_shared<Residual>(config))),
      attention_(register_module("attention", std::make_shared<SelfAttention>(config))),
      feed_forward_(register_module("feed_forward", std::make_shared<FeedForward>(config))) {}

torch::Tensor EncoderLayer::forward(const torch::Tensor& x, const Rows& rows, torch::Tensor* heads_BHSS) const {
  const auto attended = attention_residual_->forward(
      x, [&](const torch::Tensor& y, const torch::Tensor& onto) { return attention_->forward(y, rows, false, onto, heads_BHSS); });
  return feed_forward_residual_->forward(attended, *feed_forward_);
}

DecoderLayer::DecoderLayer(const TransformerDecoderConfig& config, int64_t memory_dim)
    : kv_dim_(config.kv_dim()),
      memory_form_{config.num_heads, config.num_kv_heads},
      attention_dropout_(config.attention_dropout),
      self_residual_(register_module("self_residual", std::make_shared<Residual>(config))),
      cross_residual_(memory_dim > 0 ? register_module("cross_residual", std::make_shared<Residual>(config)) : nullptr),
      feed_forward_residual_(register_module("feed_forward_residual", std::make_shared<Residual>(config))) {
  if (config.autoregression == "ssru")
    ssru_ = register_module("ssru", std::make_shared<Ssru>(config.dim));
  else
    attention_ = register_module("attention", std::make_shared<SelfAttention>(config));
  if (memory_dim > 0) {
    cross_query_ = add_linear(*this, "cross_query", config.dim, config.dim);
    // The Xavier bound of a square map, as for self-attention.
    const double gain = std::sqrt(0.5 + static_cast<double>(config.kv_dim()) / static_cast<double>(config.dim));
    memory_kv_ = add_linear(*this, "memory_kv", memory_dim, 2 * config.kv_dim(), true, gain);
    cross_out_ = add_linear(*this, "cross_out", config.dim, config.dim);
  }
  feed_forward_ = register_module("feed_forward", std::make_shared<FeedForward>(config));
}

torch::Tensor DecoderLayer::project_memory(const torch::Tensor& memory) const {
  if (memory_kv_) return memory_kv_->forward(memory);
  // Empty, but a step takes the width of its own keys and values from here.
  return at::constant_pad_nd(memory, {0, 2 * kv_dim_});
}

torch::Tensor DecoderLayer::forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& memory_kv, const Rows& memory_rows,
                                    torch::Tensor* weights_BTS) const {
  auto stream = self_residual_->forward(x, [&](const torch::Tensor& y, const torch::Tensor& onto) {
    return ssru_ ? ssru_->forward(y, rows, onto) : attention_->forward(y, rows, true, onto);
  });
  if (cross_residual_)
    stream = cross_residual_->forward(stream, [&](const torch::Tensor& y, const torch::Tensor& onto) {
      return cross_out_->forward(attend_sequences(cross_query_->forward(y), rows, memory_kv, memory_rows, memory_form_,
                                                  is_training() ? attention_dropout_ : 0.0, weights_BTS),
                                 {.add = onto});
    });
  return feed_forward_residual_->forward(stream, *feed_forward_);
}

torch::Tensor DecoderLayer::step(const torch::Tensor& x_ND, const Past& past, const torch::Tensor& memory_kv_BSE,
                                 const torch::Tensor& sentence_N, const torch::Tensor& source_length_B, torch::Tensor* weights_NS,
                                 torch::Tensor* heads_NHS) const {
  auto stream = self_residual_->forward(x_ND, [&](const torch::Tensor& y, const torch::Tensor& onto) {
    return ssru_ ? ssru_->step(y, *past.cell_ND, onto) : attention_->step(y, past.position_N, past.attend, onto);
  });
  if (cross_residual_)
    stream = cross_residual_->forward(stream, [&](const torch::Tensor& y, const torch::Tensor& onto) {
      const auto query_ND = cross_query_->forward(y);
      const auto result =
          memory_attention(query_ND, memory_kv_BSE, sentence_N, source_length_B, memory_form_, weights_NS != nullptr, frozen());
      if (weights_NS) *weights_NS = result.weights;
      if (heads_NHS) *heads_NHS = memory_attention_by_head(query_ND, memory_kv_BSE, sentence_N, source_length_B, memory_form_);
      return cross_out_->forward(result.out, {.add = onto});
    });
  return feed_forward_residual_->forward(stream, *feed_forward_);
}

bool skips_layer(double layer_drop, bool training) { return training && layer_drop > 0 && at::rand({}).item<double>() < layer_drop; }

}  // namespace attnzoo
