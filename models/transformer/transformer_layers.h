// The sublayers of the Transformer and the order in which a residual stream passes them.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>
#include <memory>

#include "models/attention/multi_head_attention.h"
#include "models/layers/layer_norm.h"
#include "models/layers/linear.h"
#include "models/transformer/transformer_config.h"

namespace attnzoo {

// One residual sublayer around f: pre-norm x + drop(f(norm(x))), post-norm norm(x + drop(f(x))).
class Residual : public torch::nn::Module {
 public:
  explicit Residual(const TransformerConfig& config);
  torch::Tensor forward(const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f) const;

 private:
  bool pre_norm_;
  double dropout_;
  std::shared_ptr<LayerNorm> norm_;
};

// W_2 drop(activation(W_1 x)) (Vaswani et al. 2017, 3.3).
class FeedForward : public torch::nn::Module {
 public:
  explicit FeedForward(const TransformerConfig& config);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  bool gelu_;
  double dropout_;
  std::shared_ptr<Linear> inner_, outer_;
};

// How the rows of a tensor relate to sentences: packed (no padding, `packing` set) or padded (`keep_BS` set).
struct Rows {
  const Packing* packing = nullptr;
  torch::Tensor keep_BS;
};

class EncoderLayer : public torch::nn::Module {
 public:
  explicit EncoderLayer(const TransformerConfig& config);
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows) const;

 private:
  int64_t num_heads_;
  double attention_dropout_;
  std::shared_ptr<Residual> attention_residual_, feed_forward_residual_;
  std::shared_ptr<Linear> qkv_, attention_out_;
  std::shared_ptr<FeedForward> feed_forward_;
};

class DecoderLayer : public torch::nn::Module {
 public:
  explicit DecoderLayer(const TransformerConfig& config);
  // Keys and values of the memory for this layer: [.., 2D]. Made once a sentence.
  torch::Tensor project_memory(const torch::Tensor& memory) const { return memory_kv_->forward(memory); }
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& memory_kv, const Rows& memory_rows) const;
  // One position a row. attend_past(q_ND, kv_NE) is the attention over this position and those before it, whose keys and values the caller
  // keeps; weights_NS is set when asked for.
  using AttendPast = std::function<torch::Tensor(const torch::Tensor&, const torch::Tensor&)>;
  torch::Tensor step(const torch::Tensor& x_ND, const AttendPast& attend_past, const torch::Tensor& memory_kv_BSE,
                     const torch::Tensor& sentence_N, const torch::Tensor& source_length_B, torch::Tensor* weights_NS) const;

 private:
  int64_t num_heads_;
  double attention_dropout_;
  std::shared_ptr<Residual> self_residual_, cross_residual_, feed_forward_residual_;
  std::shared_ptr<Linear> qkv_, self_out_, cross_query_, memory_kv_, cross_out_;
  std::shared_ptr<FeedForward> feed_forward_;
};

}  // namespace attnzoo
