// Settings of the recurrent decoder with attention.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/attention/score_attention.h"
#include "models/embeddings.h"

namespace attnzoo {

struct AttentionDecoderConfig {
  // "lstm" (Hochreiter and Schmidhuber 1997), "gru" (Cho et al. 2014), "tanh" or "relu" (the simple cell, Elman 1990).
  std::string cell = "lstm";
  // Width of the embeddings.
  int64_t embedding_dim = 256;
  // Width of the cells (H), and how many are stacked.
  int64_t dim = 512;
  int64_t layers = 1;
  // How the memory is read; attention/score_attention.h.
  ScoreAttentionConfig attention;
  // Width of the attentional state that the output layer reads (R); 0 takes embedding_dim, which tying the output layer needs.
  int64_t readout_dim = 0;
  // Dropped fraction of embeddings, layer outputs and attentional state, in [0, 1).
  double dropout = 0.2;

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  int64_t output_dim() const { return readout_dim > 0 ? readout_dim : embedding_dim; }
  static AttentionDecoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                         // from_json(to_json()) is the identity
};

}  // namespace attnzoo
