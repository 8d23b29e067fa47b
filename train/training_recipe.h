// A whole recipe, checked: {"task", "data", "model", "train"}. What --print-config prints, what a checkpoint holds as config.json.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/prepare.h"
#include "train/train_config.h"

namespace attnzoo {

struct TrainingRecipe {
  std::string task = "translation";  // data/task.h
  DataConfig data;
  nlohmann::json model;  // complete_model_config()
  TrainConfig train;

  // `relative_to`: the folder that file names in `data` are relative to. Reports the problems of all sections together. Throws ConfigError.
  static TrainingRecipe from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to);
  nlohmann::json to_json() const;
};

struct ConfigDifference {
  std::string key;            // "train.learning_rate"
  std::string before, after;  // as JSON; "(absent)"
  // May change when resuming without a word: when to stop and what to keep, not what is computed.
  bool harmless = false;
};
std::vector<ConfigDifference> config_differences(const nlohmann::json& before, const nlohmann::json& after);

}  // namespace attnzoo
