#include "data/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/recipe_fields.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

// The type of a value as a user would say it, with the value where it is short.
std::string describe(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_null()) return "null";
  const char* type = value.is_string() ? "the string" : value.is_boolean() ? "the boolean" : "the number";
  return fmt::format("{} {}", type, shorten(json_text(value), 60));
}

bool fits_float(double value) {
  const double size = std::abs(value);
  return size == 0 || (size >= std::numeric_limits<float>::min() && size <= std::numeric_limits<float>::max());
}

bool all_utf8(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return find_invalid_utf8(text) == text.npos; });
}

std::function<std::vector<std::string>()>& recipe_fields() {
  static std::function<std::vector<std::string>()> fields;
  return fields;
}

// The recipe's field that the unknown key of a section names, "train.batch.batch_tokens"; empty outside recipes or if there is none.
std::string field_elsewhere(const std::string& where, const std::string& key) {
  const bool in_recipe = where.empty() || where.starts_with("data") || where.starts_with("train") || where == "model";
  if (!in_recipe || !recipe_fields() || key.size() > 60) return "";
  const auto fields = fields_called(key, recipe_fields()());
  return fields.empty() ? "" : fields.front();
}

}  // namespace

void offer_recipe_fields(std::function<std::vector<std::string>()> fields) { recipe_fields() = std::move(fields); }

FieldReader::FieldReader(const nlohmann::json& fields, std::string where) : fields_(fields), where_(std::move(where)) {
  if (!fields.is_object())
    problems_.push_back(fmt::format("{}: must be an object, got {}", where_.empty() ? "the recipe" : where_, describe(fields)));
}

const nlohmann::json* FieldReader::find(const char* key) {
  known_.push_back(key);
  if (!fields_.is_object()) return nullptr;
  const auto found = fields_.find(key);
  return found == fields_.end() ? nullptr : &*found;
}

bool FieldReader::read(const char* key, bool& value) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  if (field->is_boolean()) {
    value = field->get<bool>();
  } else {
    problem(key, fmt::format("must be true or false, got {}", describe(*field)));
  }
  return true;
}

bool FieldReader::read(const char* key, int64_t& value) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  // 1e5 is a float to JSON and an integer to people.
  const bool whole_float = field->is_number_float() && std::trunc(field->get<double>()) == field->get<double>() &&
                           std::abs(field->get<double>()) <= 9007199254740992.0;
  const bool too_large = field->is_number_unsigned() && field->get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  const bool large_float = field->is_number_float() && std::abs(field->get<double>()) > 9007199254740992.0;
  if ((field->is_number_integer() && !too_large) || whole_float) {
    value = field->get<int64_t>();
  } else if (too_large || large_float) {
    problem(key, fmt::format("is too large for an integer of 64 bits, got {}", describe(*field)));
  } else {
    problem(key, fmt::format("must be an integer, got {}", describe(*field)));
  }
  return true;
}

bool FieldReader::read(const char* key, double& value) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  if (field->is_number() && fits_float(field->get<double>())) {
    value = field->get<double>();
  } else if (field->is_number()) {
    problem(key, fmt::format("must be 0 or between 1.2e-38 and 3.4e38 in size, the range of single precision, got {}", describe(*field)));
  } else {
    problem(key, fmt::format("must be a number, got {}", describe(*field)));
  }
  return true;
}

bool FieldReader::read(const char* key, std::string& value) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  if (field->is_string() && all_utf8({field->get<std::string>()})) {
    value = field->get<std::string>();
  } else if (field->is_string()) {
    problem(key, fmt::format("must be valid UTF-8, got {}", describe(*field)));
  } else {
    problem(key, fmt::format("must be a string, got {}", describe(*field)));
  }
  return true;
}

bool FieldReader::read(const char* key, std::vector<std::string>& value) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  const bool strings = field->is_array() && std::all_of(field->begin(), field->end(), [](const auto& item) { return item.is_string(); });
  if (!field->is_string() && !strings) {
    problem(key, fmt::format("must be a string or a list of strings, got {}", describe(*field)));
    return true;
  }
  auto given = field->is_string() ? std::vector<std::string>{field->get<std::string>()} : field->get<std::vector<std::string>>();
  if (all_utf8(given))
    value = std::move(given);
  else
    problem(key, fmt::format("must be valid UTF-8, got {}", json_text(*field)));
  return true;
}

bool FieldReader::read_choice(const char* key, std::string& value, const std::vector<std::string>& accepted) {
  const nlohmann::json* field = find(key);
  if (field == nullptr) return false;
  if (!field->is_string()) {
    problem(key, fmt::format("must be one of {}, got {}", fmt::join(accepted, ", "), describe(*field)));
    return true;
  }
  const std::string given = field->get<std::string>();
  if (std::find(accepted.begin(), accepted.end(), given) != accepted.end()) {
    value = given;
    return true;
  }
  const std::string near = nearest(given, accepted);
  problem(key, fmt::format("unknown value '{}'{}; accepted: {}", shorten(given, 60),
                           near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(accepted, ", ")));
  return true;
}

const nlohmann::json& FieldReader::object(const char* key) {
  static const nlohmann::json empty = nlohmann::json::object();
  const nlohmann::json* field = find(key);
  if (field == nullptr) return empty;
  if (field->is_object()) return *field;
  problem(key, fmt::format("must be an object, got {}", describe(*field)));
  return empty;
}

void FieldReader::problem(const std::string& key, const std::string& what) {
  problems_.push_back(fmt::format("{}{}{}: {}", where_, where_.empty() ? "" : ".", key, what));
}

void FieldReader::finish() {
  constexpr size_t kMostProblems = 20;  // of unknown keys; each looks for a near name
  bool unknown = false;
  if (fields_.is_object()) {
    for (const auto& [key, value] : fields_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      unknown = true;
      if (problems_.size() >= kMostProblems) break;
      const std::string near = nearest(key, known_), hint = near.empty() ? field_elsewhere(where_, key) : near;
      problem(shorten(key, 60), hint.empty() ? "unknown key" : fmt::format("unknown key (did you mean '{}'?)", hint));
    }
  }
  if (problems_.empty()) return;
  std::string message = fmt::format("{}", fmt::join(problems_, "; "));
  if (unknown) {
    std::vector<std::string> sorted = known_;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    message += fmt::format("; known keys: {}", fmt::join(sorted, ", "));
  }
  throw ConfigError(message);
}

}  // namespace attnzoo
