#include "models/transformer/sublayers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"

namespace attnzoo {
namespace {

torch::Tensor activate(const std::string& activation, const torch::Tensor& inner, bool frozen) {
  if (activation == "gelu") return apply_elementwise([](const torch::Tensor& x) { return at::gelu(x); }, inner, frozen);
  if (activation == "silu") return apply_elementwise(at::silu, inner, frozen);
  const auto parts = inner.chunk(2, -1);
  return apply_elementwise(at::silu, parts[0], frozen) * parts[1];
}

}  // namespace

TransformerInput::TransformerInput(const TransformerStackConfig& config)
    : scale_(std::sqrt(static_cast<double>(config.dim))), dropout_(config.dropout), positions_(*this, config.positions, config.dim) {}

torch::Tensor TransformerInput::forward(const torch::Tensor& embedded, const torch::Tensor& position) const {
  if (frozen()) return positions_.scaled_plus(embedded, static_cast<float>(scale_), position);
  return apply_dropout(positions_.add_to(embedded * scale_, position), dropout_, is_training());
}

Residual::Residual(const TransformerStackConfig& config)
    : post_norm_(config.norm == "post"),
      dropout_(config.dropout),
      norm_(add_norm(*this, "norm", config.norm_kind, config.dim)),
      after_(config.norm == "sandwich" ? add_norm(*this, "after", config.norm_kind, config.dim) : nullptr) {}

torch::Tensor Residual::forward(const torch::Tensor& x, const Sublayer& f) const {
  const auto read = post_norm_ ? x : norm_->forward(x);
  const bool something_between = after_ || (is_training() && dropout_ > 0);
  torch::Tensor sum;
  if (something_between) {
    const auto y = f(read, {});
    sum = add_dropped(x, after_ ? after_->forward(y) : y, dropout_, is_training());
  } else {
    sum = f(read, x);
  }
  return post_norm_ ? norm_->forward(sum) : sum;
}

FeedForward::FeedForward(const TransformerStackConfig& config)
    : activation_(config.activation),
      dropout_(config.activation_dropout),
      inner_(add_linear(*this, "inner", config.dim, (config.activation == "swiglu" ? 2 : 1) * config.feed_forward_dim)),
      outer_(add_linear(*this, "outer", config.feed_forward_dim, config.dim)) {}

torch::Tensor FeedForward::operator()(const torch::Tensor& x, const torch::Tensor& onto) const {
  const bool relu = activation_ == "relu";
  const auto inner = inner_->forward(x, {.relu = relu});
  return outer_->forward(apply_dropout(relu ? inner : activate(activation_, inner, frozen()), dropout_, is_training()), {.add = onto});
}

}  // namespace attnzoo
