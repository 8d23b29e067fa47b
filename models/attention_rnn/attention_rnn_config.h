// Settings of the families `attention-lstm` and `attention-gru` (the recipe's "model" section).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attnzoo {

struct AttentionRnnConfig {
  // Width of source and target embeddings.
  int64_t embedding_dim = 256;
  // Width of the encoder, both directions together (C); even.
  int64_t encoder_dim = 512;
  // Width of the decoder's cells (H).
  int64_t decoder_dim = 512;
  // Layers of the encoder and cells of the decoder, stacked.
  int64_t encoder_layers = 1;
  int64_t decoder_layers = 1;
  // "additive": v . tanh(W_q h + W_k m) (Bahdanau et al. 2015); "general": h^T W m (Luong et al. 2015).
  std::string attention = "additive";
  // Width of the additive score's hidden layer (A).
  int64_t attention_dim = 256;
  // Width of the attentional state that the output layer reads (R); 0 takes embedding_dim, which tying the output layer needs.
  int64_t readout_dim = 0;
  // Dropped fraction of embeddings, layer outputs and attentional state, in [0, 1).
  double dropout = 0.2;
  // Which tables are one: "all", "decoder", "none" or "auto", as in the Transformer.
  std::string tied_embeddings = "auto";

  int64_t output_dim() const { return readout_dim > 0 ? readout_dim : embedding_dim; }
  static AttentionRnnConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                     // from_json(to_json()) is the identity
};

}  // namespace attnzoo
