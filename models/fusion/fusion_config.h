// Settings of a stack of fusion layers: encoder or decoder.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/embeddings.h"

namespace attnzoo {

struct FusionConfig {
  // f: "lstm", "gru", "tanh" or "relu" (recurrent/cell.h).
  std::string cell = "lstm";
  // How a_t meets h_(t-1): "add" or "multiply".
  std::string fusion = "add";
  // What is attended to (fusion_layer.h). In an encoder "two-sided" is the whole source, through the layer beneath, "causal" the positions
  // before. In a decoder "two-sided" is the memory, "causal" the memory and the steps before.
  std::string form = "two-sided";
  // Width of the embeddings.
  int64_t embedding_dim = 256;
  // Width of the layers (D); of the memory in an encoder, of what the output layer reads in a decoder.
  int64_t dim = 256;
  int64_t layers = 2;
  // Dropped fraction of the embeddings and of every layer's output, in [0, 1).
  double dropout = 0.2;

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  int64_t output_dim() const { return dim; }
  static FusionConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                               // from_json(to_json()) is the identity
};

}  // namespace attnzoo
