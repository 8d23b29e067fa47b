#include "models/encoder_decoder_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/parts.h"
#include "models/section_fields.h"

namespace attnzoo {
namespace {

// Completes one part's fields and notes its problems, each once: both parts may have the same one.
template <class Kind>
nlohmann::json completed(const Kind& kind, const nlohmann::json& fields, std::vector<std::string>& problems) {
  try {
    return kind.complete(fields);
  } catch (const ConfigError& error) {
    const std::string text = error.what();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find("; ", begin), text.size());
      const auto line = text.substr(begin, end - begin);
      if (std::find(problems.begin(), problems.end(), line) == problems.end()) problems.push_back(line);
      begin = end + 2;
    }
    return fields;
  }
}

}  // namespace

const std::vector<std::string>& model_keys() {
  static const std::vector<std::string> keys = {"family", "preset", "encoder", "decoder", "tied_embeddings", "copy", "coverage_loss"};
  return keys;
}

EncoderDecoderConfig EncoderDecoderConfig::from_json(const nlohmann::json& flat, const nlohmann::json& base) {
  EncoderDecoderConfig config;
  auto own = nlohmann::json::object();
  for (const auto& key : model_keys())
    if (flat.contains(key) || base.contains(key)) own[key] = flat.contains(key) ? flat[key] : base[key];
  FieldReader reader(own, "model");
  reader.read("encoder", config.encoder);
  reader.read("decoder", config.decoder);
  reader.read_choice("tied_embeddings", config.tied_embeddings, {"auto", "all", "decoder", "none"});
  reader.read("copy", config.copy);
  reader.read("coverage_loss", config.coverage_loss);
  if (!(config.coverage_loss >= 0)) reader.problem("coverage_loss", fmt::format("must be at least 0, got {}", config.coverage_loss));
  for (const auto& [key, name] : {std::pair{"encoder", config.encoder}, {"decoder", config.decoder}})
    if (name.empty()) reader.problem(key, "a name is needed");
  reader.also_known(model_keys());
  std::vector<std::string> problems;
  try {
    reader.finish();
  } catch (const ConfigError& error) {
    if (config.encoder.empty() || config.decoder.empty()) throw;
    problems.push_back(error.what());
  }

  const auto& encoder = find_encoder_kind(config.encoder);
  const auto& decoder = find_decoder_kind(config.decoder);
  const auto no_fields = nlohmann::json::object();
  SectionFields section(flat, base, model_keys());
  config.encoder_fields =
      completed(encoder, section.of_part(config.encoder, "encoder_", encoder.complete(no_fields), encoder.aliases), problems);
  config.decoder_fields =
      completed(decoder, section.of_part(config.decoder, "decoder_", decoder.complete(no_fields), decoder.aliases), problems);
  for (auto& problem : section.problems()) problems.push_back(std::move(problem));
  if (!problems.empty()) fail<ConfigError>("{}", fmt::join(problems, "; "));
  return config;
}

nlohmann::json EncoderDecoderConfig::to_json() const {
  nlohmann::json flat = {
      {"encoder", encoder}, {"decoder", decoder}, {"tied_embeddings", tied_embeddings}, {"copy", copy}, {"coverage_loss", coverage_loss}};
  const auto add = [&](const nlohmann::json& fields, const nlohmann::json& others, const char* prefix) {
    for (const auto& item : fields.items()) {
      const bool differs = others.contains(item.key()) && others[item.key()] != item.value();
      flat[(differs ? prefix : "") + item.key()] = item.value();
    }
  };
  add(encoder_fields, decoder_fields, "encoder_");
  add(decoder_fields, encoder_fields, "decoder_");
  return flat;
}

}  // namespace attnzoo
