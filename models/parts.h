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
#include "models/field_alias.h"

namespace attnzoo {

struct EncoderKind {
  std::string name;
  std::string summary;  // one line
  // `fields` completed with defaults. Throws ConfigError, each problem beginning with "model.FIELD:".
  std::function<nlohmann::json(const nlohmann::json& fields)> complete;
  // These take complete fields.
  std::function<EmbeddingShape(const nlohmann::json& fields)> embedding;
  std::function<std::shared_ptr<Encoder>(const nlohmann::json& fields)> make;
  std::vector<FieldAlias> aliases = {};
};

struct DecoderKind {
  std::string name;
  std::string summary;
  std::function<nlohmann::json(const nlohmann::json& fields)> complete;
  std::function<EmbeddingShape(const nlohmann::json& fields)> embedding;
  std::function<int64_t(const nlohmann::json& fields)> output_dim;  // input width of the output layer
  std::function<std::shared_ptr<Decoder>(const nlohmann::json& fields, const EncoderShape& encoder)> make;
  std::vector<FieldAlias> aliases = {};
};

const std::vector<EncoderKind>& encoder_kinds();
const std::vector<DecoderKind>& decoder_kinds();
// Throw ConfigError: "model.encoder: unknown encoder 'transfomer' (did you mean 'transformer'?); known encoders: ..."
const EncoderKind& find_encoder_kind(const std::string& name);
const DecoderKind& find_decoder_kind(const std::string& name);

// Config::aliases() where the struct has it.
template <class Config>
std::vector<FieldAlias> aliases_of() {
  if constexpr (requires { Config::aliases(); }) return Config::aliases();
  return {};
}

// Makes a kind out of a config struct with from_json and to_json and a part that is built from it.
template <class Config, class Part>
EncoderKind encoder_kind(const char* name, const char* summary) {
  return {name,
          summary,
          [](const nlohmann::json& fields) { return Config::from_json(fields).to_json(); },
          [](const nlohmann::json& fields) { return Config::from_json(fields).embedding(); },
          [](const nlohmann::json& fields) -> std::shared_ptr<Encoder> { return std::make_shared<Part>(Config::from_json(fields)); },
          aliases_of<Config>()};
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
          },
          aliases_of<Config>()};
}

}  // namespace attnzoo
