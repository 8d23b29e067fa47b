#include "train/training_recipe.h"

#include "data/error.h"
#include "data/json_fields.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

// Whether both sides will share one vocabulary (learn_tokenizers() in data/prepare_stages.h).
bool joint_vocabulary(const DataConfig& data) {
  return data.task == Task::kLanguageModel || (data.task == Task::kTranslation && data.tokenizer.joint);
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
  if (problems.empty()) collect([&] { check_model_config(recipe.model, joint_vocabulary(recipe.data)); });
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

}  // namespace attnzoo
