#include "models/attention_rnn/attention_decoder_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/config_checks.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

AttentionDecoderConfig AttentionDecoderConfig::from_json(const nlohmann::json& fields) {
  AttentionDecoderConfig config;
  FieldReader reader(fields, "model");
  reader.read_choice("cell", config.cell, cell_names());
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("dim", config.dim);
  reader.read("layers", config.layers);
  config.attention.read(reader);
  reader.read("readout_dim", config.readout_dim);
  reader.read("dropout", config.dropout);
  reader.read("variational_dropout", config.variational_dropout);
  reader.read("residual", config.residual);
  reader.read_choice("recurrent_norm", config.recurrent_norm, {"none", "layer", "batch"});
  if (config.recurrent_norm == "batch")
    reader.problem("recurrent_norm",
                   "batch is for encoders: a decoder's step does not know which sentences have ended; set decoder_recurrent_norm to "
                   "'layer' or 'none'");
  for (const auto& [key, value] : {std::pair{"embedding_dim", config.embedding_dim}, {"dim", config.dim}, {"layers", config.layers}})
    check_at_least_one(reader, key, value);
  check_fraction(reader, "dropout", config.dropout);
  if (config.readout_dim < 0)
    reader.problem("readout_dim", fmt::format("must be at least 0 (0: embedding_dim), got {}", config.readout_dim));
  check_at_most(reader, "readout_dim", config.readout_dim);
  reader.finish();
  return config;
}

nlohmann::json AttentionDecoderConfig::to_json() const {
  nlohmann::json fields = {{"cell", cell},
                           {"embedding_dim", embedding_dim},
                           {"dim", dim},
                           {"layers", layers},
                           {"readout_dim", readout_dim},
                           {"dropout", dropout},
                           {"variational_dropout", variational_dropout},
                           {"residual", residual},
                           {"recurrent_norm", recurrent_norm}};
  attention.write(fields);
  return fields;
}

}  // namespace attnzoo
