#include "models/encoder_decoder_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/parts.h"

namespace attnzoo {
namespace {

// The fields of one part among the flat ones: its own names, overridden by prefixed ones. Takes what it uses out of `unused`.
nlohmann::json fields_of(const nlohmann::json& flat, const nlohmann::json& base, const std::string& prefix, const nlohmann::json& defaults,
                         nlohmann::json& unused) {
  auto fields = nlohmann::json::object();
  for (const auto& item : defaults.items()) {
    const auto& key = item.key();
    for (const auto* from : {&base, &flat})
      for (const auto& name : {key, prefix + key})
        if (from->contains(name)) fields[key] = (*from)[name];
    unused.erase(key);
    unused.erase(prefix + key);
  }
  return fields;
}

// Completes one part's fields and notes its problems, line by line, each once: both parts may have the same one.
template <class Kind>
nlohmann::json completed(const Kind& kind, const nlohmann::json& fields, std::vector<std::string>& problems) {
  try {
    return kind.complete(fields);
  } catch (const ConfigError& error) {
    const std::string text = error.what();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const auto line = text.substr(begin, end - begin);
      if (std::find(problems.begin(), problems.end(), line) == problems.end()) problems.push_back(line);
      begin = end + 1;
    }
    return fields;
  }
}

}  // namespace

EncoderDecoderConfig EncoderDecoderConfig::from_json(const nlohmann::json& flat, const nlohmann::json& base) {
  EncoderDecoderConfig config;
  auto unused = flat;
  const auto take_name = [&](const char* key) {
    const auto& from = flat.contains(key) ? flat : base;
    if (!from.contains(key) || !from[key].is_string()) fail<ConfigError>("model.{}: a name is needed", key);
    unused.erase(key);
    return from[key].get<std::string>();
  };
  config.encoder = take_name("encoder");
  config.decoder = take_name("decoder");
  const auto& encoder = find_encoder_kind(config.encoder);
  const auto& decoder = find_decoder_kind(config.decoder);
  const auto encoder_defaults = encoder.complete(nlohmann::json::object()), decoder_defaults = decoder.complete(nlohmann::json::object());

  std::vector<std::string> problems;
  config.encoder_fields = completed(encoder, fields_of(flat, base, "encoder_", encoder_defaults, unused), problems);
  config.decoder_fields = completed(decoder, fields_of(flat, base, "decoder_", decoder_defaults, unused), problems);

  const std::vector<std::string> own = {"tied_embeddings", "copy", "coverage_loss"};
  std::vector<std::string> known = {"encoder", "decoder"};
  for (const auto& item : encoder_defaults.items()) known.push_back(item.key());
  for (const auto& item : decoder_defaults.items())
    if (!encoder_defaults.contains(item.key())) known.push_back(item.key());
  // These fields are the model's own, and what is left then is unknown.
  for (const auto& key : own)
    if (base.contains(key) && !unused.contains(key)) unused[key] = base[key];
  FieldReader reader(unused, "model");
  reader.read_choice("tied_embeddings", config.tied_embeddings, {"auto", "all", "decoder", "none"});
  reader.read("copy", config.copy);
  reader.read("coverage_loss", config.coverage_loss);
  if (!(config.coverage_loss >= 0)) reader.problem("coverage_loss", fmt::format("must be at least 0, got {}", config.coverage_loss));
  reader.also_known(known);
  try {
    reader.finish();
  } catch (const ConfigError& error) {
    problems.push_back(error.what());
  }
  if (!problems.empty()) fail<ConfigError>("{}", fmt::join(problems, "\n"));
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
