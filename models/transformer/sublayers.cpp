#include "models/transformer/sublayers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"

namespace attnzoo {
namespace {

constexpr int64_t kLearnedPositions = 1024;

torch::Tensor activate(const std::string& activation, const torch::Tensor& inner) {
  if (activation == "relu") return at::relu(inner);
  if (activation == "gelu") return apply_elementwise([](const torch::Tensor& x) { return at::gelu(x); }, inner);
  const auto parts = inner.chunk(2, -1);
  return apply_elementwise([](const torch::Tensor& x) { return at::silu(x); }, parts[0]) * parts[1];
}

}  // namespace

TransformerInput::TransformerInput(const TransformerStackConfig& config)
    : scale_(std::sqrt(static_cast<double>(config.model_dim))), dropout_(config.dropout) {
  if (config.positions == "sinusoidal") sinusoids_.emplace(config.model_dim);
  // As large as a scaled embedding's entries are at first.
  if (config.positions == "learned") learned_ = register_parameter("positions", torch::randn({kLearnedPositions, config.model_dim}) * 0.1);
}

torch::Tensor TransformerInput::forward(const torch::Tensor& embedded, const torch::Tensor& position) const {
  auto x = embedded * scale_;
  if (sinusoids_) x = x + (*sinusoids_)(position, x.options().requires_grad(false));
  if (learned_.defined()) x = x + at::embedding(learned_, position.clamp_max(kLearnedPositions - 1));
  return apply_dropout(x, dropout_, is_training());
}

Residual::Residual(const TransformerStackConfig& config)
    : post_norm_(config.norm == "post"),
      dropout_(config.dropout),
      norm_(add_norm(*this, "norm", config.norm_kind, config.model_dim)),
      after_(config.norm == "sandwich" ? add_norm(*this, "after", config.norm_kind, config.model_dim) : nullptr) {}

torch::Tensor Residual::forward(const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f) const {
  if (post_norm_) return norm_->forward(x + apply_dropout(f(x), dropout_, is_training()));
  auto y = f(norm_->forward(x));
  if (after_) y = after_->forward(y);
  return x + apply_dropout(y, dropout_, is_training());
}

FeedForward::FeedForward(const TransformerStackConfig& config)
    : activation_(config.activation),
      dropout_(config.activation_dropout),
      inner_(add_linear(*this, "inner", config.model_dim, (config.activation == "swiglu" ? 2 : 1) * config.feed_forward_dim)),
      outer_(add_linear(*this, "outer", config.feed_forward_dim, config.model_dim)) {}

torch::Tensor FeedForward::forward(const torch::Tensor& x) const {
  return outer_->forward(apply_dropout(activate(activation_, inner_->forward(x)), dropout_, is_training()));
}

}  // namespace attnzoo
