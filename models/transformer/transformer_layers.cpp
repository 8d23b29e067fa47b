#include "models/transformer/transformer_layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/layers/dropout.h"

namespace attnzoo {
namespace {

// qkv: [.., 3D], queries, keys and values side by side; packed or padded as `rows` says.
torch::Tensor self_attention(const torch::Tensor& qkv, const Rows& rows, int64_t num_heads, bool causal, double drop) {
  if (rows.packing) return packed_attention(qkv, qkv, *rows.packing, *rows.packing, num_heads, causal, drop);
  const int64_t dim = qkv.size(-1) / 3;
  const auto parts = qkv.split({dim, 2 * dim}, -1);
  return padded_attention(parts[0], parts[1], rows.keep_BS, num_heads, causal, drop, false).out;
}

}  // namespace

Residual::Residual(const TransformerConfig& config)
    : pre_norm_(config.norm == "pre"), dropout_(config.dropout), norm_(add_layer_norm(*this, "norm", config.model_dim)) {}

torch::Tensor Residual::forward(const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f) const {
  if (pre_norm_) return x + apply_dropout(f(norm_->forward(x)), dropout_, is_training());
  return norm_->forward(x + apply_dropout(f(x), dropout_, is_training()));
}

FeedForward::FeedForward(const TransformerConfig& config)
    : gelu_(config.activation == "gelu"),
      dropout_(config.activation_dropout),
      inner_(add_linear(*this, "inner", config.model_dim, config.feed_forward_dim)),
      outer_(add_linear(*this, "outer", config.feed_forward_dim, config.model_dim)) {}

torch::Tensor FeedForward::forward(const torch::Tensor& x) const {
  const auto inner = inner_->forward(x);
  return outer_->forward(apply_dropout(gelu_ ? at::gelu(inner) : at::relu(inner), dropout_, is_training()));
}

EncoderLayer::EncoderLayer(const TransformerConfig& config)
    : num_heads_(config.num_heads),
      attention_dropout_(config.attention_dropout),
      attention_residual_(register_module("attention_residual", std::make_shared<Residual>(config))),
      feed_forward_residual_(register_module("feed_forward_residual", std::make_shared<Residual>(config))),
      // Query, key and value maps in one matrix; the gain gives each the Xavier bound of a square one.
      qkv_(add_linear(*this, "qkv", config.model_dim, 3 * config.model_dim, true, std::sqrt(2.0))),
      attention_out_(add_linear(*this, "attention_out", config.model_dim, config.model_dim)),
      feed_forward_(register_module("feed_forward", std::make_shared<FeedForward>(config))) {}

torch::Tensor EncoderLayer::forward(const torch::Tensor& x, const Rows& rows) const {
  const double drop = is_training() ? attention_dropout_ : 0.0;
  const auto attended = attention_residual_->forward(
      x, [&](const torch::Tensor& y) { return attention_out_->forward(self_attention(qkv_->forward(y), rows, num_heads_, false, drop)); });
  return feed_forward_residual_->forward(attended, [&](const torch::Tensor& y) { return feed_forward_->forward(y); });
}

DecoderLayer::DecoderLayer(const TransformerConfig& config)
    : num_heads_(config.num_heads),
      attention_dropout_(config.attention_dropout),
      self_residual_(register_module("self_residual", std::make_shared<Residual>(config))),
      cross_residual_(register_module("cross_residual", std::make_shared<Residual>(config))),
      feed_forward_residual_(register_module("feed_forward_residual", std::make_shared<Residual>(config))),
      qkv_(add_linear(*this, "qkv", config.model_dim, 3 * config.model_dim, true, std::sqrt(2.0))),
      self_out_(add_linear(*this, "self_out", config.model_dim, config.model_dim)),
      cross_query_(add_linear(*this, "cross_query", config.model_dim, config.model_dim)),
      memory_kv_(add_linear(*this, "memory_kv", config.model_dim, 2 * config.model_dim, true, std::sqrt(1.5))),
      cross_out_(add_linear(*this, "cross_out", config.model_dim, config.model_dim)),
      feed_forward_(register_module("feed_forward", std::make_shared<FeedForward>(config))) {}

torch::Tensor DecoderLayer::forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& memory_kv,
                                    const Rows& memory_rows) const {
  const double drop = is_training() ? attention_dropout_ : 0.0;
  const auto self = self_residual_->forward(
      x, [&](const torch::Tensor& y) { return self_out_->forward(self_attention(qkv_->forward(y), rows, num_heads_, true, drop)); });
  const auto cross = cross_residual_->forward(self, [&](const torch::Tensor& y) {
    const auto query = cross_query_->forward(y);
    const auto out = rows.packing ? packed_attention(query, memory_kv, *rows.packing, *memory_rows.packing, num_heads_, false, drop)
                                  : padded_attention(query, memory_kv, memory_rows.keep_BS, num_heads_, false, drop, false).out;
    return cross_out_->forward(out);
  });
  return feed_forward_residual_->forward(cross, [&](const torch::Tensor& y) { return feed_forward_->forward(y); });
}

torch::Tensor DecoderLayer::step(const torch::Tensor& x_ND, const AttendPast& attend_past, const torch::Tensor& memory_kv_BSE,
                                 const torch::Tensor& sentence_N, const torch::Tensor& source_length_B, torch::Tensor* weights_NS) const {
  const auto self = self_residual_->forward(x_ND, [&](const torch::Tensor& y) {
    const int64_t dim = qkv_->weight.size(1);
    const auto parts = qkv_->forward(y).split({dim, 2 * dim}, -1);
    return self_out_->forward(attend_past(parts[0], parts[1]));
  });
  const auto cross = cross_residual_->forward(self, [&](const torch::Tensor& y) {
    const auto result =
        memory_attention(cross_query_->forward(y), memory_kv_BSE, sentence_N, source_length_B, num_heads_, weights_NS != nullptr);
    if (weights_NS) *weights_NS = result.weights_NS;
    return cross_out_->forward(result.out);
  });
  return feed_forward_residual_->forward(cross, [&](const torch::Tensor& y) { return feed_forward_->forward(y); });
}

}  // namespace attnzoo
