#include "train/initial_checkpoint.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/task.h"
#include "models/encoder_decoder_config.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

// Fields that no weight and no result of a trained model depends on.
bool acts_in_training_alone(const std::string& field) {
  return field.ends_with("dropout") || field == "layer_drop" || field == "coverage_loss";
}

class ModelComparison {
 public:
  explicit ModelComparison(std::string where) : where_(std::move(where)) {}

  void compare(const std::string& field, const nlohmann::json& stored, const nlohmann::json& wanted) {
    if (stored != wanted)
      differences_.push_back(fmt::format("model.{}: {} in {}, {} in the recipe", field, stored.dump(), where_, wanted.dump()));
  }
  void compare_parts(const std::string& prefix, const nlohmann::json& stored, const nlohmann::json& wanted) {
    for (const auto& [field, value] : wanted.items())
      if (!acts_in_training_alone(field)) compare(prefix + field, stored.value(field, nlohmann::json()), value);
  }
  void finish() const {
    if (!differences_.empty())
      fail<ConfigError>(
          "the model comes from the checkpoint that training begins with, and the recipe names another one:\n  {}\nleave these "
          "fields away",
          fmt::join(differences_, "\n  "));
  }

 private:
  std::string where_;
  std::vector<std::string> differences_;
};

// The fields that a model section names, its preset's among them.
nlohmann::json named_fields(nlohmann::json section, const std::string& family) {
  auto fields = nlohmann::json::object();
  if (section.contains("preset")) {
    complete_model_config({{"family", family}, {"preset", section["preset"]}});  // refuses an unknown one
    for (const auto& preset : find_model_family(family).presets)
      if (preset.name == section["preset"]) fields = nlohmann::json::parse(preset.fields);
  }
  section.erase("family");
  section.erase("preset");
  if (section.value("tied_embeddings", nlohmann::json()) == "auto") section.erase("tied_embeddings");
  merge_json(fields, section);
  return fields;
}

}  // namespace

void inherit_model(nlohmann::json& recipe, const nlohmann::json& checkpoint_config, const std::string& where) {
  if (!checkpoint_config.is_object() || !checkpoint_config.contains("model"))
    fail<CheckpointError>("{}/config.json: has no section 'model'", where);
  auto stored = complete_model_config(checkpoint_config["model"]);
  const auto family = stored["family"].get<std::string>();
  stored.erase("family");

  const auto section = recipe.contains("model") ? recipe["model"] : nlohmann::json::object();
  if (!section.is_object()) return;  // TrainingRecipe says so
  ModelComparison comparison(where);
  comparison.compare("family", family, section.value("family", nlohmann::json(family)));
  comparison.finish();
  const auto before = EncoderDecoderConfig::from_json(stored),
             after = EncoderDecoderConfig::from_json(named_fields(section, family), stored);
  comparison.compare("encoder", before.encoder, after.encoder);
  comparison.compare("decoder", before.decoder, after.decoder);
  comparison.compare("tied_embeddings", before.tied_embeddings, after.tied_embeddings);
  comparison.compare("copy", before.copy, after.copy);
  comparison.compare_parts("encoder_", before.encoder_fields, after.encoder_fields);
  comparison.compare_parts("decoder_", before.decoder_fields, after.decoder_fields);
  comparison.finish();
  recipe["model"] = after.to_json();
  recipe["model"]["family"] = family;

  const auto task = checkpoint_config.value("task", std::string("translation"));
  if (!recipe.contains("task")) recipe["task"] = task;
  if (recipe["task"].is_string() && task_named(recipe["task"].get<std::string>()) != task_named(task))
    fail<ConfigError>("task: '{}', and training begins with {}, a model for '{}'", recipe["task"].get<std::string>(), where, task);

  if (!recipe.contains("data") || !recipe["data"].is_object()) return;
  recipe["data"].erase("tokenizer");
  const nlohmann::json::json_pointer tokenizer("/data/tokenizer");
  if (checkpoint_config.contains(tokenizer)) recipe[tokenizer] = checkpoint_config[tokenizer];
}

}  // namespace attnzoo
