#include "models/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/encoder_decoder.h"
#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

// 64 GiB of weights, and training needs four times as much.
constexpr int64_t kMaxParameters = int64_t{1} << 34;

std::shared_ptr<Seq2SeqModel> shapes_of(const EncoderDecoderConfig& config, const VocabularySizes& sizes) {
  const ShapesOnly shapes_only;
  return std::make_shared<EncoderDecoder>(config, sizes);
}

}  // namespace

EncoderDecoderConfig read_model_config(const nlohmann::json& model) {
  if (!model.is_object() || !model.contains("family") || !model["family"].is_string()) {
    std::vector<std::string> known;
    for (const auto& family : model_families()) known.push_back(family.name);
    fail<ConfigError>("model.family: the name of a model family is missing; known families: {}", fmt::join(known, ", "));
  }
  const auto& family = find_model_family(model["family"].get<std::string>());
  auto base = nlohmann::json::parse(family.defaults);
  if (model.contains("preset")) {
    if (!model["preset"].is_string()) fail<ConfigError>("model.preset: must be a string, got {}", model["preset"].type_name());
    const std::string wanted = model["preset"].get<std::string>();
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
  const auto config = read_model_config(model);
  if (const auto count = num_parameters(*shapes_of(config, sizes)); count > kMaxParameters)
    fail<ConfigError>("model: would have {} parameters; at most {} are accepted: lower its widths or layers", count, kMaxParameters);
  return std::make_shared<EncoderDecoder>(config, sizes);
}

std::shared_ptr<Seq2SeqModel> model_shapes(const nlohmann::json& model, const VocabularySizes& sizes) {
  return shapes_of(read_model_config(model), sizes);
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
      const auto model = model_shapes({{"family", family.name}, {"preset", preset.name}}, kSizes);
      text += fmt::format("{:<17}   {:<6} {:>6.2f} million parameters (joint vocabulary of {})\n", "", preset.name,
                          static_cast<double>(num_parameters(*model)) / 1e6, kSizes.source);
    }
  }
  return text;
}

}  // namespace attnzoo
