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
#include "train/field_list.h"
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

TEST_CASE("--fields says what every field of every section and family means or accepts, and names its default") {
  std::vector<std::string> topics = {"data", "train"};
  for (const auto& family : model_families()) topics.push_back(family.name);
  for (const auto& topic : topics) {
    const auto fields = recipe_field_list(topic);
    CHECK(fields.size() > 5);
    for (const auto& field : fields) {
      INFO(topic << ": " << field.key);
      CHECK_FALSE(field.value.empty());
      CHECK(field.meaning + field.values != "");
    }
  }
  const auto field_named = [](const std::string& topic, const std::string& key) {
    for (const auto& field : recipe_field_list(topic))
      if (field.key == key) return field;
    FAIL(key);
    return RecipeField{};
  };
  CHECK(field_named("train", "train.schedule.kind").value == "\"inverse_sqrt\"");
  CHECK(field_named("train", "train.learning_rate").values == "above 0");
  CHECK(field_named("train", "train.optimizer.beta2").value == "0.98");
  CHECK(field_named("data", "data.tokenizer.vocabulary_size").value == "8000");
  CHECK_THAT(field_named("data", "data.clean.ratio").meaning, ContainsSubstring("max_length_ratio"));
  CHECK_THAT(field_named("transformer", "model.positions").meaning, ContainsSubstring("how positions enter"));
  CHECK_THAT(field_named("attention-gru", "model.positions").meaning, ContainsSubstring("added to the embeddings"));
  const auto dim = field_named("transformer", "model.dim");
  CHECK_THAT(dim.value, ContainsSubstring("tiny 128"));
  const auto text = field_list_text({{"train.x", "1", "above 0", "what x does"}}, 30);
  CHECK(text == "train.x = 1\n    what x does; accepted:\n    above 0\n");
  CHECK_THROWS_WITH(recipe_field_list("transfomer"),
                    ContainsSubstring("'transfomer' is no family of models (did you mean 'transformer'?)"));
}

}  // namespace attnzoo::test
