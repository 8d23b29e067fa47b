// Reading a JSON object into a plain struct, with every problem reported together.
//
//   FieldReader reader(fields, "model");
//   reader.read("model_dim", config.model_dim);      // keeps the default when the key is absent
//   reader.finish();  // throws ConfigError: "model.modeldim: unknown key, did you mean 'model_dim'?; known keys: ..."
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

class FieldReader {
 public:
  // `fields` must outlive the reader. `where` prefixes every message: "model", "data.train".
  FieldReader(const nlohmann::json& fields, std::string where);

  // Reads one field of the type; a wrong type is noted as a problem that names both types. Returns whether the key stood there.
  bool read(const char* key, bool& value);
  bool read(const char* key, int64_t& value);
  bool read(const char* key, double& value);  // accepts integers
  bool read(const char* key, std::string& value);
  bool read(const char* key, std::vector<std::string>& value);  // accepts one string for a list of one
  // As read(), and notes a problem unless the value is one of `accepted`.
  bool read_choice(const char* key, std::string& value, const std::vector<std::string>& accepted);
  // The nested object under `key`; an empty object when absent.
  const nlohmann::json& object(const char* key);

  // Notes a problem of the struct's own ("must be a multiple of num_heads (8), got 100").
  void problem(const std::string& key, const std::string& what);
  // Keys that somebody else reads, for the message about unknown ones.
  void also_known(const std::vector<std::string>& keys) { known_.insert(known_.end(), keys.begin(), keys.end()); }
  // Throws ConfigError with all problems and unknown keys when there are any.
  void finish();

 private:
  const nlohmann::json* find(const char* key);
  const nlohmann::json& fields_;
  std::string where_;
  std::vector<std::string> known_;
  std::vector<std::string> problems_;
};

// JSON with // and /* */ comments. Throws ConfigError "FILE:LINE: ..." for a syntax error and for a key that stands twice.
nlohmann::json read_json(const std::filesystem::path& file);
nlohmann::json parse_json(std::string_view text, const std::string& where);

// Sets "a.b.c" to `value` (parsed as JSON; what does not parse is taken as a string). Makes objects on the way.
void set_field(nlohmann::json& root, std::string_view dotted_key, std::string_view value);

// Replaces the values of `base` with those of `overrides`, object by object.
void merge_json(nlohmann::json& base, const nlohmann::json& overrides);

// The candidate nearest to `name` by edit distance, or "" when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace attnzoo
