// A recipe from disk with the --set flags of the command line.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// The recipe's JSON, changed by `settings` ("train.max_steps=100", in order). Throws DataError (cannot be read) and ConfigError.
nlohmann::json read_recipe(const std::filesystem::path& file, const std::vector<std::string>& settings);

// One --set KEY=VALUE. File names (data.train.source, data.cache, train.initial_checkpoint, ...) are relative to the working folder here,
// whereas those inside the recipe are relative to it; they become absolute. Throws ConfigError.
void apply_setting(nlohmann::json& recipe, const std::string& setting);

}  // namespace attnzoo
