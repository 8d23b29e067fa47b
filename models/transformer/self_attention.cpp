#include "models/transformer/self_attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/attention/multi_head_attention.h"
#include "models/layers/parameters.h"

namespace attnzoo {

SelfAttention::SelfAttention(const TransformerStackConfig& config)
    : model_dim_(config.dim),
      kv_dim_(config.kv_dim()),
      dropout_(config.attention_dropout),
      // Query, key and value maps in one matrix; the gain gives each the Xavier bound of a square one.
      qkv_(add_linear(*this, "qkv", config.dim, config.dim + 2 * config.kv_dim(), true,
                      std::sqrt(1.0 + static_cast<double>(config.kv_dim()) / static_cast<double>(config.dim)))),
      out_(add_linear(*this, "out", config.dim, config.dim)) {
  const int64_t head_dim = config.dim / config.num_heads;
  form_.num_heads = config.num_heads;
  form_.num_kv_heads = config.num_kv_heads;
  form_.window = config.attention_window;
  if (config.positions == "rotary") rotation_.emplace(head_dim);
  if (config.positions == "alibi") form_.slope_H = alibi_slopes(config.num_heads);
  if (config.positions == "relative") {
    const auto table = [&](const char* name) {
      const int64_t rows = 2 * config.relative_distance + 1;
      const double bound = std::sqrt(6.0 / static_cast<double>(rows + head_dim));
      return register_parameter(name, uniform_parameter({rows, head_dim}, bound));
    };
    form_.relative_key_RK = table("relative_key");
    form_.relative_value_RK = table("relative_value");
  }
}

// Rotates pairs (x_2i, x_2i+1) of each head by position / 10000^(2i/K), so that a query's product with a key depends only on their
// distance.
torch::Tensor SelfAttention::rotated(const torch::Tensor& x, const torch::Tensor& position) const {
  const int64_t pairs = model_dim_ / form_.num_heads / 2;
  const auto angle = (*rotation_)(position, x.options().requires_grad(false)).unflatten(-1, {1, pairs, 2});
  const auto sine = angle.select(-1, 0), cosine = angle.select(-1, 1);
  const auto heads = x.unflatten(-1, {-1, pairs, 2});
  const auto first = heads.select(-1, 0), second = heads.select(-1, 1);
  return at::stack({first * cosine - second * sine, first * sine + second * cosine}, -1).flatten(-3);
}

torch::Tensor SelfAttention::project(const torch::Tensor& x, const torch::Tensor& position) const {
  const auto qkv = qkv_->forward(x);
  if (!rotation_) return qkv;
  const auto parts = qkv.split({model_dim_, kv_dim_, kv_dim_}, -1);
  return at::cat({rotated(parts[0], position), rotated(parts[1], position), parts[2]}, -1);
}

torch::Tensor SelfAttention::forward(const torch::Tensor& x, const Rows& rows, bool causal, const torch::Tensor& onto,
                                     torch::Tensor* heads_BHTS) const {
  const double drop = is_training() ? dropout_ : 0.0;
  const auto qkv = project(x, rows.position);
  if (heads_BHTS != nullptr) {
    const auto parts = rows.to_padded(qkv).split({model_dim_, 2 * kv_dim_}, -1);
    *heads_BHTS = attention_by_head(parts[0], parts[1], rows.keep(), form_, causal);
  }
  if (rows.packing)
    return out_->forward(packed_attention(qkv, qkv, *rows.packing, *rows.packing, form_, causal, drop, frozen()), {.add = onto});
  const auto parts = qkv.split({model_dim_, 2 * kv_dim_}, -1);
  // Causal attention already hides the padding on the right from real positions.
  const auto keep_BS = causal ? torch::Tensor() : rows.keep_BS;
  return out_->forward(padded_attention(parts[0], parts[1], keep_BS, form_, causal, drop, false).out, {.add = onto});
}

torch::Tensor SelfAttention::step(const torch::Tensor& x_ND, const torch::Tensor& position_N, const AttendPast& attend_past,
                                  const torch::Tensor& onto) const {
  return out_->forward(attend_past(project(x_ND, position_N), form_), {.add = onto});
}

}  // namespace attnzoo
