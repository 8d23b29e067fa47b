#include "models/transformer/transformer_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "models/config_checks.h"

namespace attnzoo {

TransformerConfig TransformerConfig::from_json(const nlohmann::json& fields) {
  TransformerConfig config;
  FieldReader reader(fields, "model");
  reader.read("model_dim", config.model_dim);
  reader.read("feed_forward_dim", config.feed_forward_dim);
  reader.read("encoder_layers", config.encoder_layers);
  reader.read("decoder_layers", config.decoder_layers);
  reader.read("num_heads", config.num_heads);
  reader.read("dropout", config.dropout);
  reader.read("attention_dropout", config.attention_dropout);
  reader.read("activation_dropout", config.activation_dropout);
  reader.read_choice("norm", config.norm, {"pre", "post"});
  reader.read_choice("activation", config.activation, {"relu", "gelu"});
  reader.read_choice("tied_embeddings", config.tied_embeddings, {"auto", "all", "decoder", "none"});
  for (const auto& [key, value] : {std::pair{"model_dim", config.model_dim},
                                   {"feed_forward_dim", config.feed_forward_dim},
                                   {"encoder_layers", config.encoder_layers},
                                   {"decoder_layers", config.decoder_layers},
                                   {"num_heads", config.num_heads}})
    check_at_least_one(reader, key, value);
  check_fraction(reader, "dropout", config.dropout);
  check_fraction(reader, "attention_dropout", config.attention_dropout);
  check_fraction(reader, "activation_dropout", config.activation_dropout);
  if (config.model_dim > 0 && config.num_heads > 0 && (config.model_dim % config.num_heads != 0 || config.model_dim % 2 != 0))
    reader.problem("model_dim", fmt::format("must be even and a multiple of num_heads ({}), got {}", config.num_heads, config.model_dim));
  reader.finish();
  return config;
}

nlohmann::json TransformerConfig::to_json() const {
  return {{"model_dim", model_dim},
          {"feed_forward_dim", feed_forward_dim},
          {"encoder_layers", encoder_layers},
          {"decoder_layers", decoder_layers},
          {"num_heads", num_heads},
          {"dropout", dropout},
          {"attention_dropout", attention_dropout},
          {"activation_dropout", activation_dropout},
          {"norm", norm},
          {"activation", activation},
          {"tied_embeddings", tied_embeddings}};
}

}  // namespace attnzoo
