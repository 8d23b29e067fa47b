#include "train/initial_checkpoint.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/task.h"
#include "data/tokenizer.h"
#include "models/encoder_decoder_config.h"
#include "models/registry.h"
#include "models/section_fields.h"
#include "train/resume_policy.h"

namespace attnzoo {
namespace {

// Collects the fields in which recipe and checkpoint differ.
class FieldComparison {
 public:
  explicit FieldComparison(std::string where) : where_(std::move(where)) {}

  void compare(const std::string& field, const nlohmann::json& stored, const nlohmann::json& wanted) {
    if (stored != wanted)
      differences_.push_back(
          fmt::format("{}: {} in {}, {} in the recipe", field, stored.is_null() ? "unknown" : stored.dump(), where_, wanted.dump()));
  }
  void compare_parts(const std::string& prefix, const nlohmann::json& stored, const nlohmann::json& wanted) {
    for (const auto& [field, value] : wanted.items())
      if (!acts_in_training_alone(field)) compare("model." + prefix + field, stored.value(field, nlohmann::json()), value);
  }
  void finish() const {
    if (!differences_.empty())
      fail<ConfigError>(
          "model and tokenisers are those of the checkpoint that training starts from, but the recipe names others:\n  {}\n"
          "  omit these fields",
          fmt::join(differences_, "\n  "));
  }

 private:
  std::string where_;
  std::vector<std::string> differences_;
};

// A complete model section under the fields of the preset that the recipe names, if any.
nlohmann::json with_preset(const nlohmann::json& stored, const nlohmann::json& section, const std::string& family) {
  auto fields = stored;
  if (!section.contains("preset")) return fields;
  complete_model_config({{"family", family}, {"preset", section["preset"]}});  // refuses an unknown one
  for (const auto& preset : find_model_family(family).presets)
    if (preset.name == section["preset"]) lay_over(fields, nlohmann::json::parse(preset.fields));
  return fields;
}

void compare_tokenizers(FieldComparison& comparison, const nlohmann::json& named, const nlohmann::json* stored) {
  const auto wanted = TokenizerConfig::from_json(named).to_json();
  const auto known = stored != nullptr ? TokenizerConfig::from_json(*stored).to_json() : nlohmann::json::object();
  for (const auto& [key, value] : named.items())
    comparison.compare("data.tokenizer." + key, known.value(key, nlohmann::json()), wanted[key]);
}

}  // namespace

void inherit_model(nlohmann::json& recipe, const nlohmann::json& checkpoint_config, const std::string& where) {
  if (!checkpoint_config.is_object() || !checkpoint_config.contains("model"))
    fail<CheckpointError>("{}/config.json: has no section 'model'", where);
  const auto stored = complete_model_config(checkpoint_config["model"]);
  const auto family = stored["family"].get<std::string>();

  auto section = recipe.contains("model") ? recipe["model"] : nlohmann::json::object();
  if (!section.is_object()) return;  // TrainingRecipe says so
  FieldComparison comparison(where);
  comparison.compare("model.family", family, section.value("family", nlohmann::json(family)));
  comparison.finish();
  if (section.value("tied_embeddings", nlohmann::json()) == "auto") section.erase("tied_embeddings");
  const auto before = EncoderDecoderConfig::from_json(stored),
             after = EncoderDecoderConfig::from_json(section, with_preset(stored, section, family));
  comparison.compare("model.encoder", before.encoder, after.encoder);
  comparison.compare("model.decoder", before.decoder, after.decoder);
  comparison.compare("model.tied_embeddings", before.tied_embeddings, after.tied_embeddings);
  comparison.compare("model.copy", before.copy, after.copy);
  comparison.compare_parts("encoder_", before.encoder_fields, after.encoder_fields);
  comparison.compare_parts("decoder_", before.decoder_fields, after.decoder_fields);

  const nlohmann::json::json_pointer tokenizer("/data/tokenizer");
  const auto* stored_tokenizer = checkpoint_config.contains(tokenizer) ? &checkpoint_config[tokenizer] : nullptr;
  if (recipe.contains(tokenizer) && recipe[tokenizer].is_object()) compare_tokenizers(comparison, recipe[tokenizer], stored_tokenizer);
  comparison.finish();
  recipe["model"] = after.to_json();
  recipe["model"]["family"] = family;

  const auto task = checkpoint_config.value("task", std::string("translation"));
  if (!recipe.contains("task")) recipe["task"] = task;
  if (recipe["task"].is_string() && task_named(recipe["task"].get<std::string>()) != task_named(task))
    fail<ConfigError>("task: '{}', but training starts from {}, a model for '{}'", recipe["task"].get<std::string>(), where, task);

  if (!recipe.contains("data") || !recipe["data"].is_object()) return;
  recipe["data"].erase("tokenizer");
  if (stored_tokenizer != nullptr) recipe[tokenizer] = *stored_tokenizer;
}

void describe_tokenizers(nlohmann::json& recipe, const TokenizerPair& tokenizers) {
  const nlohmann::json::json_pointer key("/data/tokenizer");
  if (recipe.contains(key) || !recipe.contains("data") || !recipe["data"].is_object()) return;
  recipe[key] = {{"vocabulary_size", tokenizers.source->vocabulary_size()}, {"joint", tokenizers.joint()}, {"byte_fallback", false}};
  for (const char* kind : {"words", "characters"})
    if (tokenizers.source->kind() == kind) recipe[key]["kind"] = kind;
}

}  // namespace attnzoo
