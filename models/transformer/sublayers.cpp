#include "models/transformer/sublayers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"

namespace attnzoo {
namespace {

torch::Tensor activate(const std::string& activation, const torch::Tensor& inner, bool frozen) {
  if (activation == "relu") return at::relu(inner);
  if (activation == "gelu") return apply_elementwise([](const torch::Tensor& x) { return at::gelu(x); }, inner, frozen);
  if (activation == "silu") return apply_elementwise(at::silu, inner, frozen);
  const auto parts = inner.chunk(2, -1);
  return apply_elementwise(at::silu, parts[0], frozen) * parts[1];
}

}  // namespace

TransformerInput::TransformerInput(const TransformerStackConfig& config)
    : scale_(std::sqrt(static_cast<double>(config.dim))), dropout_(config.dropout), positions_(*this, config.positions, config.dim) {}

torch::Tensor TransformerInput::forward(const torch::Tensor& embedded, const torch::Tensor& position) const {
  return apply_dropout(positions_.add_to(embedded * scale_, position), dropout_, is_training());
}

Residual::Residual(const TransformerStackConfig& config)
    : post_norm_(config.norm == "post"),
      dropout_(config.dropout),
      norm_(add_norm(*this, "norm", config.norm_kind, config.dim)),
      after_(config.norm == "sandwich" ? add_norm(*this, "after", config.norm_kind, config.dim) : nullptr) {}

torch::Tensor Residual::forward(const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f) const {
  if (post_norm_) return norm_->forward(x + apply_dropout(f(x), dropout_, is_training()));
  auto y = f(norm_->forward(x));
  if (after_) y = after_->forward(y);
  return x + apply_dropout(y, dropout_, is_training());
}

FeedForward::FeedForward(const TransformerStackConfig& config)
    : activation_(config.activation),
      dropout_(config.activation_dropout),
      inner_(add_linear(*this, "inner", config.dim, (config.activation == "swiglu" ? 2 : 1) * config.feed_forward_dim)),
      outer_(add_linear(*this, "outer", config.feed_forward_dim, config.dim)) {}

torch::Tensor FeedForward::forward(const torch::Tensor& x) const {
  return outer_->forward(apply_dropout(activate(activation_, inner_->forward(x), frozen()), dropout_, is_training()));
}

}  // namespace attnzoo
