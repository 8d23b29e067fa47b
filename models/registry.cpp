#include "models/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/encoder_decoder.h"
#include "models/layers/parameters.h"
#include "models/section_fields.h"

namespace attnzoo {
namespace {

// 64 GiB of weights, and training needs four times as much.
constexpr int64_t kMaxParameters = int64_t{1} << 34;

std::shared_ptr<Seq2SeqModel> shapes_of(const EncoderDecoderConfig& config, const VocabularySizes& sizes) {
  const InitialValuesScope shapes_only(InitialValues::kShapesOnly);
  return std::make_shared<EncoderDecoder>(config, sizes);
}

void check_size(const Seq2SeqModel& model) {
  if (const auto count = num_parameters(model); count > kMaxParameters)
    fail<ConfigError>("model: would have {} parameters; at most {} are accepted: lower its widths or layers", count, kMaxParameters);
}

[[noreturn]] void fail_without_family(const nlohmann::json& model) {
  std::vector<std::string> known, keys = model_keys();
  for (const auto& family : model_families()) known.push_back(family.name);
  const auto add_keys = [&](const auto& kinds) {
    for (const auto& kind : kinds) {
      const auto fields = kind.complete(nlohmann::json::object());
      for (const auto& item : fields.items()) keys.push_back(item.key());
    }
  };
  add_keys(encoder_kinds());
  add_keys(decoder_kinds());
  const auto section = model.is_object() ? model : nlohmann::json::object();
  for (const auto& item : section.items())
    if (nearest(item.key(), keys) == "family" && item.key() != "family")
      fail<ConfigError>("model.{}: unknown key (did you mean 'family'?); known families: {}", item.key(), fmt::join(known, ", "));
  fail<ConfigError>("model.family: the name of a model family is missing; known families: {}", fmt::join(known, ", "));
}

const ModelPreset& find_preset(const ModelFamily& family, const nlohmann::json& wanted) {
  const std::string name =
      wanted.is_string() ? wanted.get<std::string>() : wanted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::vector<std::string> known;
  for (const auto& preset : family.presets) {
    if (preset.name == name) return preset;
    known.push_back(preset.name);
  }
  const auto near = nearest(name, known);
  fail<ConfigError>("model.preset: unknown preset '{}' of {}{}; known presets: {}", name, family.name,
                    near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(known, ", "));
}

}  // namespace

EncoderDecoderConfig read_model_config(const nlohmann::json& model) {
  if (!model.is_object() || !model.contains("family") || !model["family"].is_string()) fail_without_family(model);
  const auto& family = find_model_family(model["family"].get<std::string>());
  auto base = nlohmann::json::parse(family.defaults);
  if (model.contains("preset")) lay_over(base, nlohmann::json::parse(find_preset(family, model["preset"]).fields));
  return EncoderDecoderConfig::from_json(model, base);
}

nlohmann::json complete_model_config(const nlohmann::json& model) {
  auto complete = read_model_config(model).to_json();
  complete["family"] = model["family"];
  return complete;
}

std::shared_ptr<Seq2SeqModel> build_model(const nlohmann::json& model, const VocabularySizes& sizes, InitialValues values) {
  const auto config = read_model_config(model);
  check_size(*shapes_of(config, sizes));
  const InitialValuesScope scope(values);
  return std::make_shared<EncoderDecoder>(config, sizes);
}

std::shared_ptr<Seq2SeqModel> model_shapes(const nlohmann::json& model, const VocabularySizes& sizes) {
  return shapes_of(read_model_config(model), sizes);
}

void check_model_config(const nlohmann::json& model, bool joint_vocabulary) {
  constexpr int64_t kFewWords = 8;
  check_size(*model_shapes(model, {kFewWords, kFewWords, joint_vocabulary}));
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
