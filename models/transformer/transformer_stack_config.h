// Settings of one Transformer stack: encoder or decoder.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/json_fields.h"
#include "models/embeddings.h"
#include "models/field_alias.h"

namespace attnzoo {

struct TransformerStackConfig {
  // Width of the residual stream; even, and a multiple of num_heads. Vaswani et al. 2017, table 3: d_model.
  int64_t dim = 256;
  // Inner width of the feed-forward sublayers: d_ff.
  int64_t feed_forward_dim = 1024;
  int64_t layers = 3;
  // Attention heads per sublayer: h.
  int64_t num_heads = 4;
  // Heads of keys and values, in the attention to the memory as well. Must divide num_heads; each serves a group of query heads: 1 is
  // multi-query attention (Shazeer 2019), more is grouped-query attention (Ainslie et al. 2023). 0: as many as num_heads.
  int64_t num_kv_heads = 0;
  // Self-attention reads only keys at most this many positions away (Beltagy et al. 2020). 0: all.
  int64_t attention_window = 0;
  // Dropped fraction of each sublayer output and of the embeddings, in [0, 1). 5.4.
  double dropout = 0.1;
  // Dropped fraction of the attention weights, in [0, 1).
  double attention_dropout = 0.0;
  // Dropped fraction of the feed-forward's inner activations, in [0, 1).
  double activation_dropout = 0.0;
  // "pre": x + f(norm(x)), with a norm at the end of the stack (Xiong et al. 2020); "post": norm(x + f(x)), as published; "sandwich":
  // x + norm(f(norm(x))), with a norm at the end (Ding et al. 2021).
  std::string norm = "pre";
  // "layer" or "rms"; layers/norm.h.
  std::string norm_kind = "layer";
  // Of the feed-forward sublayers: "relu", "gelu" (Hendrycks and Gimpel 2016), "silu": x * sigmoid(x) (Elfwing et al. 2018; the swish of
  // Ramachandran et al. 2017), "swiglu": silu(W_g x) * (W_v x) (Shazeer 2020).
  std::string activation = "relu";
  // "sinusoidal" (3.5), "learned" (Gehring et al. 2017; positions from 1023 on share one vector), "rotary" (Su et al. 2021: query and key
  // rotated by their position before every self-attention), "alibi" (Press et al. 2022: scores fall with the distance, a slope a head),
  // "relative" (Shaw et al. 2018: learned vectors for the distance, added to keys and values; slower to train and encode, without a
  // kernel), "none".
  std::string positions = "sinusoidal";
  // With "relative": distances from here on share one vector, at least 1 (k, there from 2 to 256).
  int64_t relative_distance = 16;
  // Probability that a training step skips a layer, in [0, 1) (Fan et al. 2020).
  double layer_drop = 0.0;
  // All layers of the stack share one set of weights (Dehghani et al. 2019).
  bool shared_layers = false;

  bool ends_with_norm() const { return norm != "post"; }
  // Width of a layer's keys, and of its values.
  int64_t kv_dim() const { return dim / num_heads * (num_kv_heads > 0 ? num_kv_heads : num_heads); }

  // Earlier versions called the width model_dim.
  static std::vector<FieldAlias> aliases() { return {{"model_dim", "dim"}}; }
  EmbeddingShape embedding() const;
  int64_t output_dim() const { return dim; }
  void read(FieldReader& reader);
  void write(nlohmann::json& fields) const;
};

struct TransformerEncoderConfig : TransformerStackConfig {
  static TransformerEncoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                           // from_json(to_json()) is the identity
};

struct TransformerDecoderConfig : TransformerStackConfig {
  // How a position reads earlier ones: "attention", or "ssru" (recurrent/ssru.h), whose steps cost the same however long the sentence is;
  // it allows neither a window nor positions that act in self-attention.
  std::string autoregression = "attention";

  static TransformerDecoderConfig from_json(const nlohmann::json& fields);
  nlohmann::json to_json() const;
};

}  // namespace attnzoo
