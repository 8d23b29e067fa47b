#include "train/training_recipe.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

constexpr std::array<std::string_view, 6> kHarmless = {"train.max_epochs",   "train.max_time", "train.keep",
                                                       "train.report_every", "data.cache",     "train.max_steps"};

// Every leaf of a JSON object by dotted key; lists are leaves.
void flatten(const nlohmann::json& value, const std::string& key, std::map<std::string, nlohmann::json>& leaves) {
  if (!value.is_object()) {
    leaves[key] = value;
    return;
  }
  for (const auto& [name, field] : value.items()) flatten(field, key.empty() ? name : key + "." + name, leaves);
}

}  // namespace

TrainingRecipe TrainingRecipe::from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to) {
  TrainingRecipe recipe;
  std::vector<std::string> problems;
  const auto collect = [&](auto read) {
    try {
      read();
    } catch (const ConfigError& error) {
      problems.push_back(error.what());
    }
  };
  FieldReader reader(fields, "");
  reader.read_choice("task", recipe.task, kTaskNames);
  const auto &data = reader.object("data"), &model = reader.object("model"), &train = reader.object("train");
  collect([&] { reader.finish(); });
  const auto form = task_named(recipe.task);
  collect([&] { recipe.data = DataConfig::from_json(data, relative_to, form); });
  collect([&] { recipe.model = complete_model_config(model); });
  collect([&] { recipe.train = TrainConfig::from_json(train, form); });
  if (problems.empty()) {
    const bool is_classifier = recipe.model.value("decoder", "") == "pooling",
               is_language_model = recipe.model.value("encoder", "") == "none";
    const auto needs = [&](bool wanted, bool is, const char* what) {
      if (wanted != is)
        problems.push_back(fmt::format("task: '{}' {}, but model.family is '{}'", recipe.task, what, recipe.model.value("family", "")));
    };
    needs(form == Task::kClassification, is_classifier,
          is_classifier ? "does not fit a classifier, which needs 'classification'" : "needs a classifier (family 'classifier')");
    needs(form == Task::kLanguageModel, is_language_model,
          is_language_model ? "does not fit a model without encoder, which needs 'language-model'"
                            : "needs a model without encoder (family 'language-model')");
    if (recipe.data.tokenizer.copy_unknown && !recipe.model.value("copy", false))
      problems.push_back("data.tokenizer.copy_unknown: needs a model that copies (family 'pointer-generator', or model.copy)");
  }
  if (problems.empty() && recipe.data.train.empty())
    problems.push_back("data.train: missing; name the training text, for example {\"source\": \"train.en\", \"target\": \"train.de\"}");
  if (problems.empty() && recipe.data.valid.empty()) {
    const auto needs_validation = [&](bool wanted, const char* key) {
      if (wanted) problems.push_back(fmt::format("{}: needs validation text, but data.valid is empty", key));
    };
    needs_validation(recipe.train.early_stopping.patience > 0, "train.early_stopping");
    needs_validation(recipe.train.schedule.kind == "plateau", "train.schedule.kind 'plateau'");
  }
  if (!problems.empty()) throw ConfigError(fmt::format("{}", fmt::join(problems, "\n  ")));
  return recipe;
}

nlohmann::json TrainingRecipe::to_json() const {
  return {{"task", task}, {"data", data.to_json()}, {"model", model}, {"train", train.to_json()}};
}

std::vector<ConfigDifference> config_differences(const nlohmann::json& before, const nlohmann::json& after) {
  std::map<std::string, nlohmann::json> old_leaves, new_leaves;
  flatten(before, "", old_leaves);
  flatten(after, "", new_leaves);
  std::set<std::string> keys;
  for (const auto& [key, value] : old_leaves) keys.insert(key);
  for (const auto& [key, value] : new_leaves) keys.insert(key);

  // A cosine without an end of its own ends at max_steps: then moving that changes every learning rate.
  const auto schedule = new_leaves.find("train.schedule.kind");
  const auto decay_steps = new_leaves.find("train.schedule.decay_steps");
  const bool steps_matter =
      schedule != new_leaves.end() && schedule->second == "cosine" && (decay_steps == new_leaves.end() || decay_steps->second == 0);
  std::vector<ConfigDifference> differences;
  for (const std::string& key : keys) {
    const auto old_value = old_leaves.find(key), new_value = new_leaves.find(key);
    if (old_value != old_leaves.end() && new_value != new_leaves.end() && old_value->second == new_value->second) continue;
    const bool harmless =
        std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end() && !(key == "train.max_steps" && steps_matter);
    differences.push_back({key, old_value == old_leaves.end() ? "(absent)" : old_value->second.dump(),
                           new_value == new_leaves.end() ? "(absent)" : new_value->second.dump(), harmless});
  }
  return differences;
}

}  // namespace attnzoo
