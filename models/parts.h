// Encoders and decoders by name. A model family (registry.h) names one of each; a recipe may name others.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "models/decoder.h"
#include "models/embeddings.h"
#include "models/encoder.h"

namespace attnzoo {

struct EncoderKind {
  std::string name;
  std::string summary;  // one line
  // `fields` completed with defaults. Throws ConfigError, each problem beginning with "model.FIELD:".
  std::function<nlohmann::json(const nlohmann::json& fields)> complete;
  // These take complete fields.
  std::function<EmbeddingShape(const nlohmann::json& fields)> embedding;
  std::function<std::shared_ptr<Encoder>(const nlohmann::json& fields)> make;
};

struct DecoderKind {
  std::string name;
  std::string summary;
  std::function<nlohmann::json(const nlohmann::json& fields)> complete;
  std::function<EmbeddingShape(const nlohmann::json& fields)> embedding;
  std::function<int64_t(const nlohmann::json& fields)> output_dim;  // input width of the output layer
  std::function<std::shared_ptr<Decoder>(const nlohmann::json& fields, const EncoderShape& encoder)> make;
};

const std::vector<EncoderKind>& encoder_kinds();
const std::vector<DecoderKind>& decoder_kinds();
// Throw ConfigError: "model.encoder: unknown encoder 'transfomer', did you mean 'transformer'?; known encoders: ..."
const EncoderKind& find_encoder_kind(const std::string& name);
const DecoderKind& find_decoder_kind(const std::string& name);

// Makes a kind from a config struct with from_json and to_json and a part that is constructed from it.
template <class Config, class Part>
EncoderKind encoder_kind(const char* name, const char* summary) {
  return {name, summary, [](const nlohmann::json& fields) { return Config::from_json(fields).to_json(); },
          [](const nlohmann::json& fields) { return Config::from_json(fields).embedding(); },
          [](const nlohmann::json& fields) -> std::shared_ptr<Encoder> { return std::make_shared<Part>(Config::from_json(fields)); }};
}

template <class Config, class Part>
DecoderKind decoder_kind(const char* name, const char* summary) {
  return {name,
          summary,
          [](const nlohmann::json& fields) { return Config::from_json(fields).to_json(); },
          [](const nlohmann::json& fields) { return Config::from_json(fields).embedding(); },
          [](const nlohmann::json& fields) { return Config::from_json(fields).output_dim(); },
          [](const nlohmann::json& fields, const EncoderShape& encoder) -> std::shared_ptr<Decoder> {
            return std::make_shared<Part>(Config::from_json(fields), encoder);
          }};
}

}  // namespace attnzoo
