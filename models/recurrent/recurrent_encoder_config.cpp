#include "models/recurrent/recurrent_encoder_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/config_checks.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

RecurrentEncoderConfig RecurrentEncoderConfig::from_json(const nlohmann::json& fields) {
  RecurrentEncoderConfig config;
  FieldReader reader(fields, "model");
  reader.read_choice("cell", config.cell, cell_names());
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("dim", config.dim);
  reader.read("layers", config.layers);
  reader.read("dropout", config.dropout);
  reader.read("variational_dropout", config.variational_dropout);
  reader.read("residual", config.residual);
  reader.read_choice("recurrent_norm", config.recurrent_norm, {"none", "layer", "batch"});
  reader.read_choice("positions", config.positions, {"none", "sinusoidal", "learned"});
  check_at_least_one(reader, "embedding_dim", config.embedding_dim);
  check_at_least_one(reader, "layers", config.layers);
  check_fraction(reader, "dropout", config.dropout);
  if (config.dim < 2 || config.dim % 2 != 0)
    reader.problem("dim", fmt::format("of the encoder must be even and at least 2 (both directions together), got {}", config.dim));
  check_at_most(reader, "dim", config.dim);
  if (config.positions == "sinusoidal" && config.embedding_dim % 2 != 0)
    reader.problem("positions", fmt::format("sinusoidal needs embeddings of even width, got {}", config.embedding_dim));
  reader.finish();
  return config;
}

nlohmann::json RecurrentEncoderConfig::to_json() const {
  return {{"cell", cell},
          {"embedding_dim", embedding_dim},
          {"dim", dim},
          {"layers", layers},
          {"dropout", dropout},
          {"variational_dropout", variational_dropout},
          {"residual", residual},
          {"recurrent_norm", recurrent_norm},
          {"positions", positions}};
}

}  // namespace attnzoo
