// Parts of a Transformer's layers: the input of a stack, the residual stream, the feed-forward sublayer.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>
#include <memory>

#include "models/layers/linear.h"
#include "models/layers/norm.h"
#include "models/layers/positions.h"
#include "models/transformer/transformer_stack_config.h"

namespace attnzoo {

// The input of a stack: drop(sqrt(D) * embedding + position) (3.4, 3.5), without positions if self-attention has them.
class TransformerInput : public Part {
 public:
  explicit TransformerInput(const TransformerStackConfig& config);
  // embedded [.., D], position int64 [..]
  torch::Tensor forward(const torch::Tensor& embedded, const torch::Tensor& position) const;

 private:
  double scale_, dropout_;
  AddedPositions positions_;
};

// One residual sublayer around f: pre-norm x + drop(f(norm(x))), post-norm norm(x + drop(f(x))), sandwich x + drop(norm'(f(norm(x)))).
class Residual : public torch::nn::Module {
 public:
  explicit Residual(const TransformerStackConfig& config);
  // f(y, onto) returns onto + f(y), or f(y) where onto is undefined: its last matrix product adds it in passing.
  using Sublayer = std::function<torch::Tensor(const torch::Tensor& y, const torch::Tensor& onto)>;
  torch::Tensor forward(const torch::Tensor& x, const Sublayer& f) const;

 private:
  bool post_norm_;
  double dropout_;
  std::shared_ptr<Norm> norm_, after_;  // after_: sandwich only
};

// W_2 drop(activation(W_1 x)) (Vaswani et al. 2017, 3.3); for swiglu, W_1 computes gate and value.
class FeedForward : public Part {
 public:
  explicit FeedForward(const TransformerStackConfig& config);
  torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& onto = {}) const;

 private:
  std::string activation_;
  double dropout_;
  std::shared_ptr<Linear> inner_, outer_;
};

}  // namespace attnzoo
