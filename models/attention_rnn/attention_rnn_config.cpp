#include "models/attention_rnn/attention_rnn_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/config_checks.h"

namespace attnzoo {

AttentionRnnConfig AttentionRnnConfig::from_json(const nlohmann::json& fields) {
  AttentionRnnConfig config;
  FieldReader reader(fields, "model");
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("encoder_dim", config.encoder_dim);
  reader.read("decoder_dim", config.decoder_dim);
  reader.read("encoder_layers", config.encoder_layers);
  reader.read("decoder_layers", config.decoder_layers);
  reader.read_choice("attention", config.attention, {"additive", "general"});
  reader.read("attention_dim", config.attention_dim);
  reader.read("readout_dim", config.readout_dim);
  reader.read("dropout", config.dropout);
  reader.read_choice("tied_embeddings", config.tied_embeddings, {"auto", "all", "decoder", "none"});
  for (const auto& [key, value] : {std::pair{"embedding_dim", config.embedding_dim},
                                   {"encoder_dim", config.encoder_dim},
                                   {"decoder_dim", config.decoder_dim},
                                   {"encoder_layers", config.encoder_layers},
                                   {"decoder_layers", config.decoder_layers},
                                   {"attention_dim", config.attention_dim}})
    check_at_least_one(reader, key, value);
  check_fraction(reader, "dropout", config.dropout);
  if (config.encoder_dim % 2 != 0)
    reader.problem("encoder_dim", fmt::format("must be even (half a direction), got {}", config.encoder_dim));
  if (config.readout_dim < 0)
    reader.problem("readout_dim", fmt::format("must be at least 0 (0: embedding_dim), got {}", config.readout_dim));
  reader.finish();
  return config;
}

nlohmann::json AttentionRnnConfig::to_json() const {
  return {{"embedding_dim", embedding_dim},    {"encoder_dim", encoder_dim},       {"decoder_dim", decoder_dim},
          {"encoder_layers", encoder_layers},  {"decoder_layers", decoder_layers}, {"attention", attention},
          {"attention_dim", attention_dim},    {"readout_dim", readout_dim},       {"dropout", dropout},
          {"tied_embeddings", tied_embeddings}};
}

}  // namespace attnzoo
