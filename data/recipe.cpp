#include "data/recipe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/prepare.h"
#include "data/stored_path.h"

namespace attnzoo {
namespace {

void make_absolute(nlohmann::json& value, const std::string& field) {
  if (value.is_array()) {
    for (auto& item : value) make_absolute(item, field);
  } else if (value.is_string()) {
    value = stored_path(value.get<std::string>(), "", field);
  }
}

// What is at the dotted key, or null.
nlohmann::json* find_value(nlohmann::json& root, const std::string& dotted_key) {
  nlohmann::json* node = &root;
  for (size_t begin = 0; begin <= dotted_key.size();) {
    const size_t dot = std::min(dotted_key.find('.', begin), dotted_key.size());
    if (!node->is_object()) return nullptr;
    const auto found = node->find(dotted_key.substr(begin, dot - begin));
    if (found == node->end()) return nullptr;
    node = &*found;
    begin = dot + 1;
  }
  return node;
}

}  // namespace

nlohmann::json read_recipe(const std::filesystem::path& file, const std::vector<std::string>& settings,
                           const std::vector<std::string>& more_path_fields) {
  nlohmann::json recipe = read_json(file);
  if (!recipe.is_object()) fail<ConfigError>("{}: a recipe must be a JSON object", file.string());
  for (const std::string& setting : settings) apply_setting(recipe, setting, more_path_fields);
  return recipe;
}

void apply_setting(nlohmann::json& recipe, const std::string& setting, const std::vector<std::string>& more_path_fields) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(fmt::format("--set {}: must be KEY=VALUE, such as train.max_steps=100", setting));
  const std::string key = setting.substr(0, equals);
  // Alone in an object, the new value can be told from what the recipe already holds.
  nlohmann::json alone = nlohmann::json::object();
  set_field(alone, key, setting.substr(equals + 1));
  auto path_fields = DataConfig::path_fields();
  path_fields.insert(path_fields.end(), more_path_fields.begin(), more_path_fields.end());
  for (const std::string& field : path_fields)
    if (auto* value = find_value(alone, field)) make_absolute(*value, field);
  set_value(recipe, key, std::move(*find_value(alone, key)));
}

std::string string_setting(const std::string& key, const std::string& value) {
  require_utf8_setting(key, value);
  return key + "=" + json_text(nlohmann::json(value));
}

}  // namespace attnzoo
