// Reading a JSON object into a plain struct, with every problem reported together.
//
//   FieldReader reader(fields, "model");
//   reader.read("model_dim", config.model_dim);      // keeps the default when the key is absent
//   reader.finish();  // throws ConfigError: "model.modeldim: unknown key (did you mean 'model_dim'?); known keys: ..."
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// The dotted names of all fields of a recipe, for hints about a key that stands in the wrong section. A program offers them once.
void offer_recipe_fields(std::function<std::vector<std::string>()> fields);

class FieldReader {
 public:
  // `fields` must outlive the reader. `where` prefixes every message: "model", "data.train".
  FieldReader(const nlohmann::json& fields, std::string where);

  // Reads one field; a wrong type is noted as a problem that names both types. Returns whether the key is present.
  bool read(const char* key, bool& value);
  bool read(const char* key, int64_t& value);
  // Accepts integers. Refuses what single precision, in which models compute, cannot hold: beyond 3.4e38, or not 0 and below 1.2e-38.
  bool read(const char* key, double& value);
  bool read(const char* key, std::string& value);               // valid UTF-8, as is every string that a configuration stores
  bool read(const char* key, std::vector<std::string>& value);  // accepts one string for a list of one
  // As read(), and notes a problem unless the value is one of `accepted`.
  bool read_choice(const char* key, std::string& value, const std::vector<std::string>& accepted);
  // The nested object under `key`; an empty object when absent.
  const nlohmann::json& object(const char* key);

  // Notes a problem of the struct's own ("must be a multiple of num_heads (8), got 100").
  void problem(const std::string& key, const std::string& what);
  // Keys that are read elsewhere, for the message about unknown ones.
  void also_known(const std::vector<std::string>& keys) { known_.insert(known_.end(), keys.begin(), keys.end()); }
  // Throws ConfigError with all problems and unknown keys, if there are any.
  void finish();

 private:
  const nlohmann::json* find(const char* key);
  const nlohmann::json& fields_;
  std::string where_;
  std::vector<std::string> known_;
  std::vector<std::string> problems_;
};

// JSON with // and /* */ comments, of any origin: at most 100 MiB and 100 levels deep (data/json_parser.h). Throws ConfigError "FILE:LINE:
// ..." for a syntax error, a number too large for double, a key given twice; read_json also DataError for a file that cannot be read.
nlohmann::json read_json(const std::filesystem::path& file);
nlohmann::json parse_json(std::string_view text, const std::string& where);

// JSON as text, on one line unless `indent` is given. Bytes that are not UTF-8 become U+FFFD, where nlohmann's own dump() throws.
std::string json_text(const nlohmann::json& value, int indent = -1);
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

// Throws ConfigError, with `field` as its place, for text that is not UTF-8, which JSON and so a configuration cannot hold.
void require_utf8_setting(std::string_view field, std::string_view text);

// The value that KEY=TEXT gives: JSON, or a string when `text` is not JSON. Throws ConfigError for text that is not UTF-8 and for JSON that
// parse_json() refuses for another reason than its syntax.
nlohmann::json parse_setting(std::string_view dotted_key, std::string_view text);
// Sets "a.b.c" to `value`, making objects on the way; set_field parses the text. Both throw ConfigError.
void set_value(nlohmann::json& root, std::string_view dotted_key, nlohmann::json value);
void set_field(nlohmann::json& root, std::string_view dotted_key, std::string_view text);

// Replaces the values of `base` with those of `overrides`, object by object.
void merge_json(nlohmann::json& base, const nlohmann::json& overrides);

// The candidate nearest to `name` by edit distance, or "" when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace attnzoo
