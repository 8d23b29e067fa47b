// The tables of recipe fields in the folder READMEs, compared with the fields that the programs read.
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "data/cleaning.h"
#include "data/files.h"
#include "data/tokenizer.h"
#include "models/parts.h"
#include "models/registry.h"
#include "train/train_config.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

using FieldNames = std::set<std::string>;

// The names in the first column of the tables in one section of FOLDER/README.md.
FieldNames documented_fields(const std::string& folder, const std::string& section) {
  std::istringstream readme(read_file(std::filesystem::path(ATTNZOO_SOURCE_DIR) / folder / "README.md"));
  static const std::regex name("`([a-z0-9_.]+)`");
  FieldNames names;
  bool inside = false;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("## ")) inside = line == "## " + section;
    if (!inside || !line.starts_with("| `")) continue;
    const auto column = line.substr(0, line.find('|', 1));
    for (std::sregex_iterator match(column.begin(), column.end(), name), end; match != end; ++match) names.insert((*match)[1].str());
  }
  return names;
}

void add_fields(FieldNames& names, const nlohmann::json& section, const std::string& prefix = "") {
  for (const auto& [key, value] : section.items()) {
    if (value.is_object()) {
      add_fields(names, value, prefix + key + ".");
    } else {
      names.insert(prefix + key);
    }
  }
}

}  // namespace

TEST_CASE("the tables of models/README.md have every field of every part, and no other") {
  FieldNames fields = {"family", "preset", "encoder", "decoder"};
  for (const auto& kind : encoder_kinds()) add_fields(fields, kind.complete(nlohmann::json::object()));
  for (const auto& kind : decoder_kinds()) add_fields(fields, kind.complete(nlohmann::json::object()));
  add_fields(fields, complete_model_config({{"family", "transformer"}}));
  CHECK(documented_fields("models", "The model section of a recipe") == fields);
}

TEST_CASE("the table of train/README.md has every field of the train section, and no other") {
  FieldNames fields;
  add_fields(fields, TrainConfig().to_json());
  CHECK(documented_fields("train", "The train section of a recipe") == fields);
}

TEST_CASE("the tables of data/README.md have every field of the tokeniser and of cleaning") {
  FieldNames fields;
  add_fields(fields, TokenizerConfig().to_json());
  add_fields(fields, CleaningConfig().to_json());
  const auto documented = documented_fields("data", "The data section of a recipe");
  for (const auto& field : fields) {
    INFO(field);
    CHECK(documented.contains(field));
  }
}

}  // namespace attnzoo::test
