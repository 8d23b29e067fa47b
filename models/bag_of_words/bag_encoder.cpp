#include "models/bag_of_words/bag_encoder.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "models/config_checks.h"
#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"

namespace attnzoo {

BagEncoderConfig BagEncoderConfig::from_json(const nlohmann::json& fields) {
  BagEncoderConfig config;
  FieldReader reader(fields, "model");
  reader.read("embedding_dim", config.embedding_dim);
  reader.read("dim", config.dim);
  reader.read("dropout", config.dropout);
  check_at_least_one(reader, "embedding_dim", config.embedding_dim);
  check_at_least_one(reader, "dim", config.dim);
  check_fraction(reader, "dropout", config.dropout);
  reader.finish();
  return config;
}

nlohmann::json BagEncoderConfig::to_json() const { return {{"embedding_dim", embedding_dim}, {"dim", dim}, {"dropout", dropout}}; }

BagEncoder::BagEncoder(const BagEncoderConfig& config)
    : dim_(config.dim), dropout_(config.dropout), map_(add_linear(*this, "map", config.embedding_dim, config.dim)) {}

torch::Tensor BagEncoder::forward(const torch::Tensor& embedded, const Rows&) const {
  const auto mapped = map_->forward(apply_dropout(embedded, dropout_, is_training()));
  return apply_elementwise(at::tanh, mapped, frozen());
}

}  // namespace attnzoo
