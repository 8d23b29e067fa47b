// Settings of the family `transformer` (the recipe's "model" section).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attnzoo {

struct TransformerConfig {
  // Width of every residual stream; even, and a multiple of num_heads. Vaswani et al. 2017, table 3: d_model.
  int64_t model_dim = 256;
  // Inner width of the feed-forward sublayers: d_ff.
  int64_t feed_forward_dim = 1024;
  int64_t encoder_layers = 3;
  int64_t decoder_layers = 3;
  // Attention heads a sublayer: h.
  int64_t num_heads = 4;
  // Dropped fraction of each sublayer output and of the embeddings, in [0, 1). 5.4.
  double dropout = 0.1;
  // Dropped fraction of the attention weights, in [0, 1).
  double attention_dropout = 0.0;
  // Dropped fraction of the feed-forward's inner activations, in [0, 1).
  double activation_dropout = 0.0;
  // "pre": x + f(norm(x)), with a norm at the end of each stack (Xiong et al. 2020); "post": norm(x + f(x)), as published.
  std::string norm = "pre";
  // "relu" or "gelu".
  std::string activation = "relu";
  // Which tables are one: "all" (source, target and output; needs a joint vocabulary), "decoder" (target and output), "none",
  // "auto": "all" with a joint vocabulary, else "decoder". Press and Wolf 2017.
  std::string tied_embeddings = "auto";

  static TransformerConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                    // from_json(to_json()) is the identity
};

}  // namespace attnzoo
