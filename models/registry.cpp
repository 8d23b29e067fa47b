#include "models/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/encoder_decoder.h"

namespace attnzoo {

EncoderDecoderConfig read_model_config(const nlohmann::json& model) {
  if (!model.is_object() || !model.contains("family") || !model["family"].is_string()) {
    std::vector<std::string> known;
    for (const auto& family : model_families()) known.push_back(family.name);
    fail<ConfigError>("model.family: the name of a model family is missing; known families: {}", fmt::join(known, ", "));
  }
  const auto& family = find_model_family(model["family"].get<std::string>());
  auto base = nlohmann::json::parse(family.defaults);
  if (model.contains("preset")) {
    const std::string wanted = model["preset"].is_string() ? model["preset"].get<std::string>() : model["preset"].dump();
    std::vector<std::string> known;
    for (const auto& preset : family.presets) {
      known.push_back(preset.name);
      if (preset.name == wanted) merge_json(base, nlohmann::json::parse(preset.fields));
    }
    if (std::find(known.begin(), known.end(), wanted) == known.end())
      fail<ConfigError>("model.preset: unknown preset '{}' of {}; known presets: {}", wanted, family.name, fmt::join(known, ", "));
  }
  auto overrides = model;
  overrides.erase("family");
  overrides.erase("preset");
  return EncoderDecoderConfig::from_json(overrides, base);
}

nlohmann::json complete_model_config(const nlohmann::json& model) {
  auto complete = read_model_config(model).to_json();
  complete["family"] = model["family"];
  return complete;
}

std::shared_ptr<Seq2SeqModel> build_model(const nlohmann::json& model, const VocabularySizes& sizes) {
  return std::make_shared<EncoderDecoder>(read_model_config(model), sizes);
}

int64_t num_parameters(const Seq2SeqModel& model) {
  int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  return count;
}

std::string list_models() {
  constexpr VocabularySizes kSizes{8000, 8000, true};
  std::string text;
  for (const auto& family : model_families()) {
    text += fmt::format("{:<17} {}\n", family.name, family.summary);
    for (const auto& preset : family.presets) {
      const auto model = build_model({{"family", family.name}, {"preset", preset.name}}, kSizes);
      text += fmt::format("{:<17}   {:<6} {:>6.2f} million parameters (joint vocabulary of {})\n", "", preset.name,
                          static_cast<double>(num_parameters(*model)) / 1e6, kSizes.source);
    }
  }
  return text;
}

}  // namespace attnzoo
