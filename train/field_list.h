// The fields of a recipe as text: names and defaults from the structs that read them, values and meaning from the tables in the READMEs of
// data/, models/ and train/, which are part of the program (cmake/field_tables.cmake).
#pragma once

#include <string>
#include <vector>

namespace attnzoo {

struct RecipeField {
  std::string key;      // "train.schedule.warmup_steps"
  std::string value;    // its default as JSON; a family's presets add theirs: "512 (tiny 256)"
  std::string values;   // what is accepted; may be empty
  std::string meaning;  // may be empty where the name says it
};

// `topic`: "data", "train", or the name of a model family. Throws UsageError for another one, with the nearest.
std::vector<RecipeField> recipe_field_list(const std::string& topic);

// One field per paragraph, wrapped to `width` columns.
std::string field_list_text(const std::vector<RecipeField>& fields, size_t width);

}  // namespace attnzoo
