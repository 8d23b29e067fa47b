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
  // Width of the attentional state that the output layer reads (R); 0 means embedding_dim, which a tied output layer needs.
  int64_t readout_dim = 0;
  // Dropped fraction of embeddings, layer outputs and attentional state, in [0, 1).
  double dropout = 0.2;
  // In training, one mask per sentence instead of one per position wherever `dropout` acts, and one of the same fraction on h_(t-1) where
  // it enters each cell's recurrent matmul (Gal and Ghahramani 2016).
  bool variational_dropout = false;
  // Every cell above the first adds its input, before dropout, to its output (He et al. 2016; Wu et al. 2016, 3.1), but not to what it
  // carries to the next step.
  bool residual = false;
  // Normalisation of each cell's output before the residual is added, but not of what it carries to the next step: "none" or "layer"
  // (Ba et al. 2016; layers/norm.h), which trains step by step, without the hand-written pass. "batch", as in the encoder, is refused: a
  // step would have to know which sentences have ended.
  std::string recurrent_norm = "none";

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  int64_t output_dim() const { return readout_dim > 0 ? readout_dim : embedding_dim; }
  static AttentionDecoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                         // from_json(to_json()) is the identity
};

}  // namespace attnzoo
