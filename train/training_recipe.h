// A whole recipe, checked: {"task", "data", "model", "train"}. --print-config prints it, a checkpoint holds it as config.json.
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

  // `relative_to`: the folder that file names in `data` are relative to. Throws ConfigError with the problems of all sections: everything
  // that can be told before the text is read, model section included (check_model_config).
  static TrainingRecipe from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to);
  nlohmann::json to_json() const;
};

}  // namespace attnzoo
