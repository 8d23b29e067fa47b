// The config.json of a MarianMT directory (transformers' MarianConfig): the fields that define the model, and their translation into a
// model section.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "models/export/marian_layout.h"

namespace attnzoo {

struct MarianConfig {
  // Defaults: those of transformers.
  int64_t vocab_size = 58101, decoder_vocab_size = 58101;
  int64_t d_model = 1024;
  int64_t encoder_layers = 12, decoder_layers = 12;
  int64_t encoder_ffn_dim = 4096, decoder_ffn_dim = 4096;
  int64_t encoder_attention_heads = 16, decoder_attention_heads = 16;
  double encoder_layerdrop = 0, decoder_layerdrop = 0;
  double dropout = 0.1, attention_dropout = 0, activation_dropout = 0;
  std::string activation_function = "gelu";
  bool scale_embedding = false;  // embeddings are multiplied by sqrt(d_model)
  // One table for source, target and output; otherwise, with tie_word_embeddings, one for target and output.
  bool share_encoder_decoder_embeddings = true, tie_word_embeddings = true;
  int64_t pad_token_id = 58100, eos_token_id = 0, decoder_start_token_id = 58100;
  // Length of the position table in transformers. Unlimited here.
  int64_t max_position_embeddings = 1024;

  MarianStack encoder() const { return {encoder_layers, encoder_ffn_dim}; }
  MarianStack decoder() const { return {decoder_layers, decoder_ffn_dim}; }

  // Ignores fields that do not define the model (search settings, version numbers) and refuses those of a model that is not Marian's.
  // Throws ConfigError with all problems, beginning with `where`.
  static MarianConfig from_json(const nlohmann::json& fields, const std::string& where);
  nlohmann::json to_json() const;

  // The complete model section (models/registry.h). An unscaled embedding table cannot double as the output layer: then all three tables
  // are separate. Throws ConfigError beginning with `where` for sizes that no model accepts.
  nlohmann::json model_section(const std::string& where) const;
};

}  // namespace attnzoo
