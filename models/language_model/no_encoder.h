// The encoder of a language model, which has no source. Its memory has width 0, and decoders omit the parts that would read it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "models/embeddings.h"
#include "models/encoder.h"

namespace attnzoo {

struct NoEncoderConfig {
  EmbeddingShape embedding() const { return {}; }
  static NoEncoderConfig from_json(const nlohmann::json& fields) {
    FieldReader(fields, "model").finish();
    return {};
  }
  nlohmann::json to_json() const { return nlohmann::json::object(); }
};

class NoEncoder : public Encoder {
 public:
  explicit NoEncoder(const NoEncoderConfig&) {}
  EncoderShape shape() const override { return {}; }
  torch::Tensor forward(const torch::Tensor& embedded, const Rows&) const override { return embedded; }
};

}  // namespace attnzoo
