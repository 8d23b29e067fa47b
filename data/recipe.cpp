#include "data/recipe.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

void make_absolute(nlohmann::json& value) {
  if (value.is_array()) {
    for (auto& item : value) make_absolute(item);
  } else if (value.is_string() && value != "-" && value != "") {
    value = std::filesystem::absolute(value.get<std::string>()).lexically_normal().string();
  }
}

// Applies to every file name that stands in `recipe`.
void make_paths_absolute(nlohmann::json& recipe) {
  static const char* const kPaths[] = {"/data/cache",       "/data/train/source",       "/data/train/target", "/data/train/tsv",
                                       "/data/train/jsonl", "/data/valid/source",       "/data/valid/target", "/data/valid/tsv",
                                       "/data/valid/jsonl", "/train/initial_checkpoint"};
  for (const char* path : kPaths) {
    const nlohmann::json::json_pointer pointer(path);
    if (recipe.contains(pointer)) make_absolute(recipe[pointer]);
  }
}

}  // namespace

nlohmann::json read_recipe(const std::filesystem::path& file, const std::vector<std::string>& settings) {
  nlohmann::json recipe = read_json(file);
  if (!recipe.is_object()) fail<ConfigError>("{}: a recipe must be a JSON object", file.string());
  for (const std::string& setting : settings) apply_setting(recipe, setting);
  return recipe;
}

void apply_setting(nlohmann::json& recipe, const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) fail<ConfigError>("--set {}: must be KEY=VALUE, such as train.max_steps=100", setting);
  const std::string key = setting.substr(0, equals);
  // Alone in an object, the new value is told from what the recipe already holds.
  nlohmann::json alone = nlohmann::json::object();
  set_field(alone, key, setting.substr(equals + 1));
  make_paths_absolute(alone);
  const nlohmann::json* value = &alone;
  for (size_t begin = 0; begin <= key.size();) {
    const size_t dot = std::min(key.find('.', begin), key.size());
    value = &value->at(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  set_field(recipe, key, value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace attnzoo
