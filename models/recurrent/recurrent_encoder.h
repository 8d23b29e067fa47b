// A stack of bidirectional recurrent layers over the source (Schuster and Paliwal 1997; the encoder of Bahdanau et al. 2015). Neither
// direction sees padding: the backward one starts at each sentence's own last token.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "models/embeddings.h"
#include "models/encoder.h"
#include "models/recurrent/cell.h"

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

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  static RecurrentEncoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                         // from_json(to_json()) is the identity
};

class RecurrentEncoder : public Encoder {
 public:
  explicit RecurrentEncoder(const RecurrentEncoderConfig& config);
  EncoderShape shape() const override { return {2 * hidden_dim_, 2 * hidden_dim_}; }
  // Packed: hand-written passes with autograd, packed kernels in inference. Padded: ATen's fused layers, zeros where padding stands.
  torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const override;
  // The last state of each direction: [forward at the last token ; backward at the first].
  torch::Tensor summary(const torch::Tensor& memory, const Rows& rows) const override;

 private:
  torch::Tensor forward_packed(torch::Tensor x_PI, const Packing& packing) const;
  torch::Tensor forward_padded(const torch::Tensor& x_BSI, const Rows& rows) const;

  CellKind kind_;
  int64_t hidden_dim_;
  double dropout_;
  std::vector<std::shared_ptr<Cell>> forward_, backward_;  // one a layer
};

}  // namespace attnzoo
