// A recipe from disk with the --set flags of the command line.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// The recipe's JSON, changed by `settings` ("train.max_steps=100", in order). Throws DataError (cannot be read) and ConfigError.
nlohmann::json read_recipe(const std::filesystem::path& file, const std::vector<std::string>& settings,
                           const std::vector<std::string>& more_path_fields = {});

// One --set KEY=VALUE. File names on the command line are relative to the working folder, whereas those inside the recipe are relative to
// it; so those in the fields of DataConfig::path_fields() and `more_path_fields` become absolute. Throws ConfigError.
void apply_setting(nlohmann::json& recipe, const std::string& setting, const std::vector<std::string>& more_path_fields = {});

// KEY="VALUE": a setting for a string, such as the value of an option, that must not be taken for JSON. Throws ConfigError: not UTF-8.
std::string string_setting(const std::string& key, const std::string& value);

}  // namespace attnzoo
