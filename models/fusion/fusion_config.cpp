#include "models/fusion/fusion_config.h"

#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "models/config_checks.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

FusionConfig FusionConfig::from_json(const nlohmann::json& fields) {
  FusionConfig config;
  FieldReader reader(fields, "model");
  reader.read_choice("cell", config.cell, cell_names());
  reader.read_choice("fusion", config.fusion, {"add", "multiply"});
  reader.read_choice("form", config.form, {"two-sided", "causal"});
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("dim", config.dim);
  reader.read("layers", config.layers);
  reader.read("dropout", config.dropout);
  for (const auto& [key, value] : {std::pair{"embedding_dim", config.embedding_dim}, {"dim", config.dim}, {"layers", config.layers}})
    check_at_least_one(reader, key, value);
  check_fraction(reader, "dropout", config.dropout);
  reader.finish();
  return config;
}

nlohmann::json FusionConfig::to_json() const {
  return {{"cell", cell}, {"fusion", fusion}, {"form", form},      {"embedding_dim", embedding_dim},
          {"dim", dim},   {"layers", layers}, {"dropout", dropout}};
}

}  // namespace attnzoo
