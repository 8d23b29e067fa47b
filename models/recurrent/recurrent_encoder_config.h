// Settings of the bidirectional recurrent encoder.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/embeddings.h"

namespace attnzoo {

struct RecurrentEncoderConfig {
  // "lstm" (Hochreiter and Schmidhuber 1997), "gru" (Cho et al. 2014), "tanh" or "relu" (the simple cell, Elman 1990).
  std::string cell = "lstm";
  // Width of the embeddings.
  int64_t embedding_dim = 256;
  // Width of the memory (C), both directions together; even.
  int64_t dim = 512;
  int64_t layers = 1;
  // Dropped fraction of the embeddings and between layers, in [0, 1).
  double dropout = 0.2;
  // In training, one mask per sentence instead of one per position on the input of each layer, and one on h_(t-1) where it enters the
  // recurrent matmul, each dropping the fraction `dropout` (Gal and Ghahramani 2016).
  bool variational_dropout = false;
  // Every layer above the first adds its input, before dropout, to its output (He et al. 2016; Wu et al. 2016, 3.1).
  bool residual = false;
  // Normalisation of each layer's output, both directions side by side, before the residual is added, but not of a layer's inner states:
  // "none", "layer" (Ba et al. 2016; layers/norm.h), "batch" (Cooijmans et al. 2017; recurrent/step_batch_norm.h), which uses the batch's
  // statistics in training and running ones in evaluation.
  std::string recurrent_norm = "none";
  // What is added to the embeddings, before dropout: "none", "sinusoidal" (embedding_dim must be even) or "learned"; layers/positions.h.
  std::string positions = "none";

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  static RecurrentEncoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                         // from_json(to_json()) is the identity
};

}  // namespace attnzoo
