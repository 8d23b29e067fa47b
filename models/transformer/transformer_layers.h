// A layer of a Transformer's encoder, and a layer of its decoder (Vaswani et al. 2017, 3.1).
#pragma once

#include <fmt/format.h>
#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/recurrent/ssru.h"
#include "models/transformer/self_attention.h"
#include "models/transformer/sublayers.h"

namespace attnzoo {

class EncoderLayer : public torch::nn::Module {
 public:
  explicit EncoderLayer(const TransformerEncoderConfig& config);
  // heads_BHSS: null, or receives the self-attention.
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows, torch::Tensor* heads_BHSS = nullptr) const;

 private:
  std::shared_ptr<Residual> attention_residual_, feed_forward_residual_;
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<FeedForward> feed_forward_;
};

class DecoderLayer : public Part {
 public:
  DecoderLayer(const TransformerDecoderConfig& config, int64_t memory_dim);
  // Keys and values of the memory for this layer, [.., E]; computed once per sentence.
  torch::Tensor project_memory(const torch::Tensor& memory) const;
  // weights_BTS: null, or receives the padded attention to the memory.
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& memory_kv, const Rows& memory_rows,
                        torch::Tensor* weights_BTS) const;

  // What a step reads from, and leaves for, the target side.
  struct Past {
    torch::Tensor position_N;
    SelfAttention::AttendPast attend;  // with self-attention
    torch::Tensor* cell_ND = nullptr;  // with the SSRU; replaced by this step's
  };
  // One position per row. weights_NS, heads_NHS: null, or receive the attention to the memory, as a mean and by head.
  torch::Tensor step(const torch::Tensor& x_ND, const Past& past, const torch::Tensor& memory_kv_BSE, const torch::Tensor& sentence_N,
                     const torch::Tensor& source_length_B, torch::Tensor* weights_NS, torch::Tensor* heads_NHS) const;

 private:
  int64_t kv_dim_;
  AttentionForm memory_form_;
  double attention_dropout_;
  std::shared_ptr<Residual> self_residual_, cross_residual_, feed_forward_residual_;
  std::shared_ptr<SelfAttention> attention_;  // either this or ssru_
  std::shared_ptr<Ssru> ssru_;
  std::shared_ptr<Linear> cross_query_, memory_kv_, cross_out_;  // null in a language model, as is cross_residual_
  std::shared_ptr<FeedForward> feed_forward_;
};

// Creates and registers the layers of a stack as layer_0, layer_1, ..; with shared_layers they are one layer.
template <class Layer, class Config, class... More>
std::vector<std::shared_ptr<Layer>> add_layers(torch::nn::Module& stack, const Config& config, const More&... more) {
  std::vector<std::shared_ptr<Layer>> layers;
  for (int64_t l = 0; l < config.layers; ++l)
    layers.push_back(l > 0 && config.shared_layers
                         ? layers[0]
                         : stack.register_module(fmt::format("layer_{}", l), std::make_shared<Layer>(config, more...)));
  return layers;
}

// Whether a training step skips a layer; true with probability `layer_drop`.
bool skips_layer(double layer_drop, bool training);

}  // namespace attnzoo
