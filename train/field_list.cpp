#include "train/field_list.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/recipe_fields.h"
#include "models/registry.h"
#include "train/train_config.h"

namespace attnzoo {

namespace field_tables {
extern const std::string_view kData, kModels, kTrain;
}

namespace {

// One row of a table, for one of the fields in its first column.
struct Row {
  std::string section;  // "tokenizer" under "Fields of `tokenizer`", else empty
  std::string name, parts, fallback, values, meaning;
};

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == text.npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t begin = 1, end; (end = line.find('|', begin)) != line.npos; begin = end + 1)
    cells.push_back(trimmed(std::string_view(line).substr(begin, end - begin)));
  return cells;
}

// The words between backticks.
std::vector<std::string> code_words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = text.find('`'), end; begin != text.npos; begin = text.find('`', end + 1)) {
    if ((end = text.find('`', begin + 1)) == text.npos) break;
    words.push_back(text.substr(begin + 1, end - begin - 1));
  }
  return words;
}

std::string without_backticks(std::string text) {
  std::erase(text, '`');
  return text;
}

// The rows of all tables whose first heading is "field".
std::vector<Row> rows_of(std::string_view readme) {
  std::vector<Row> rows;
  std::vector<std::string> heading;
  std::string section;
  std::istringstream lines{std::string(readme)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) section.clear();
    if (line.starts_with("Fields of `")) section = code_words(line).front();
    if (line.starts_with("Forms of text")) section = "train";
    if (!line.starts_with("|")) {
      heading.clear();
      continue;
    }
    const auto cells = cells_of(line);
    if (heading.empty()) heading = cells;
    if (heading.front() != "field" || !line.starts_with("| `") || cells.size() != heading.size()) continue;
    for (const auto& name : code_words(cells[0])) {
      Row row{section, name, "", "", "", ""};
      for (size_t i = 1; i < cells.size(); ++i) {
        auto& cell = heading[i] == "parts"     ? row.parts
                     : heading[i] == "default" ? row.fallback
                     : heading[i] == "values"  ? row.values
                                               : row.meaning;
        cell = without_backticks(cells[i]);
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// The letter of a part in the table of models/README.md.
char letter_of(const std::string& kind) { return static_cast<char>(std::toupper(static_cast<unsigned char>(kind[0]))); }

// "Re T" names recurrent encoders and Transformers.
bool names_part(const std::string& parts, char letter, char side) {
  if (parts == "all" || parts.empty()) return true;
  std::istringstream words(parts);
  for (std::string word; words >> word;)
    if (word[0] == letter && (word.size() == 1 || word[1] == side)) return true;
  return false;
}

RecipeField field_of(const std::string& key, const std::string& value, const Row* row) {
  return row == nullptr ? RecipeField{key, value, "", ""} : RecipeField{key, value, row->values, row->meaning};
}

// The fields of the data or the train section. Of names of files, for which a struct has no default, the table says what their lack means.
std::vector<RecipeField> section_fields(const std::string& name, const nlohmann::json& section, std::string_view readme) {
  const auto rows = rows_of(readme);
  std::vector<RecipeField> fields;
  for (const auto& key : dotted_keys(section)) {
    auto path = "/" + key;
    std::ranges::replace(path, '.', '/');
    const auto& value = section.at(nlohmann::json::json_pointer(path));
    const auto row =
        std::ranges::find_if(rows, [&](const Row& r) { return (r.section.empty() ? r.name : r.section + "." + r.name) == key; });
    const auto* found = row == rows.end() ? nullptr : &*row;
    const bool names_file = value.is_string() && (value == "" || value.get_ref<const std::string&>().starts_with('/'));
    const auto fallback = found == nullptr || found->fallback.empty() ? "none" : found->fallback;
    fields.push_back(field_of(name + "." + key, names_file ? fallback : json_text(value), found));
  }
  return fields;
}

// Rows of a field of the model section, for an encoder or a decoder of this kind; an empty kind is the model as a whole.
const Row* model_row(const std::vector<Row>& rows, const std::string& name, const std::string& kind, char side) {
  for (const auto& row : rows)
    if (row.name == name && (kind.empty() ? row.parts.empty() : !row.parts.empty() && names_part(row.parts, letter_of(kind), side)))
      return &row;
  return nullptr;
}

std::vector<RecipeField> family_fields(const ModelFamily& family) {
  const auto rows = rows_of(field_tables::kModels);
  const auto config = complete_model_config({{"family", family.name}});
  std::vector<std::pair<std::string, nlohmann::json>> presets;
  for (const auto& preset : family.presets)
    presets.emplace_back(preset.name, complete_model_config({{"family", family.name}, {"preset", preset.name}}));
  const auto encoder = config.value("encoder", ""), decoder = config.value("decoder", "");
  std::vector<RecipeField> fields;
  for (const auto& [key, value] : config.items()) {
    auto text = json_text(value);
    std::string of_presets;
    for (const auto& [preset, with_preset] : presets)
      if (with_preset.contains(key) && with_preset[key] != value)
        of_presets += fmt::format("{}{} {}", of_presets.empty() ? "" : ", ", preset, json_text(with_preset[key]));
    if (!of_presets.empty()) text += " (" + of_presets + ")";
    const bool of_encoder = key.starts_with("encoder_"), of_decoder = key.starts_with("decoder_");
    const auto name = of_encoder || of_decoder ? key.substr(8) : key;
    const Row* row = of_encoder || of_decoder ? nullptr : model_row(rows, name, "", ' ');
    if (row == nullptr && !of_decoder) row = model_row(rows, name, encoder, 'e');
    if (row == nullptr && !of_encoder) row = model_row(rows, name, decoder, 'd');
    fields.push_back(field_of("model." + key, text, row));
  }
  std::string names;
  for (const auto& preset : family.presets) names += (names.empty() ? "" : ", ") + preset.name;
  fields.insert(fields.begin(), {"model.preset", "none", names, "sizes"});
  return fields;
}

}  // namespace

std::vector<RecipeField> recipe_field_list(const std::string& topic) {
  if (topic == "data") return section_fields(topic, complete_data_section(), field_tables::kData);
  if (topic == "train") return section_fields(topic, TrainConfig().to_json(), field_tables::kTrain);
  std::vector<std::string> topics = {"data", "train"};
  for (const auto& family : model_families()) {
    if (family.name == topic) return family_fields(family);
    topics.push_back(family.name);
  }
  const auto near = nearest(topic, topics);
  throw UsageError(fmt::format("--fields: '{}' is no family of models{}; accepted: {}", topic,
                               near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(topics, ", ")));
}

std::string field_list_text(const std::vector<RecipeField>& fields, size_t width) {
  std::string text;
  for (const auto& field : fields) {
    text += fmt::format("{} = {}\n", field.key, field.value);
    std::istringstream words(field.meaning + (field.meaning.empty() || field.values.empty() ? "" : "; ") +
                             (field.values.empty() ? "" : (field.values.starts_with("0:") ? "" : "accepted: ") + field.values));
    std::string line = "   ";
    for (std::string word; words >> word;) {
      if (line.size() + 1 + word.size() > width && line.size() > 3) {
        text += line + "\n";
        line = "   ";
      }
      line += " " + word;
    }
    if (line.size() > 3) text += line + "\n";
  }
  return text;
}

}  // namespace attnzoo
