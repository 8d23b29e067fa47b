#include "data/json_line.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_parser.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kEscapeBytes = 6;  // \ud800

// The code unit of the escape \uXXXX at `at`, or -1 when there is none.
int code_unit(std::string_view text, size_t at) {
  if (at + kEscapeBytes > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  const char *begin = text.data() + at + 2, *end = text.data() + at + kEscapeBytes;
  return std::from_chars(begin, end, unit, 16).ptr == end && unit >= 0 ? unit : -1;
}

bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

const nlohmann::json* find_field(const nlohmann::json& object, const std::string& field) {
  if (const auto found = object.find(field); found != object.end()) return &*found;
  const nlohmann::json* node = &object;
  for (size_t begin = 0; node != nullptr && begin <= field.size();) {
    const size_t dot = std::min(field.find('.', begin), field.size());
    const auto key = field.substr(begin, dot - begin);
    node = node->is_object() && node->contains(key) ? &(*node)[key] : nullptr;
    begin = dot + 1;
  }
  return node;
}

}  // namespace

bool repair_surrogates(std::string& line, InvalidUtf8 policy, const std::string& place) {
  bool replaced = false;
  for (size_t at = line.find('\\'); at != line.npos; at = line.find('\\', at)) {
    const int unit = code_unit(line, at);
    if (!is_high_surrogate(unit) && !is_low_surrogate(unit)) {
      at += 2;  // past the character that is escaped, which may be a backslash
    } else if (is_high_surrogate(unit) && is_low_surrogate(code_unit(line, at + kEscapeBytes))) {
      at += 2 * kEscapeBytes;
    } else {
      if (policy == InvalidUtf8::kError) {
        fail<DataError>(
            "{}: not valid Unicode: {} at byte {} is half of a surrogate pair; correct the file, or accept it with --invalid-utf8 "
            "replace (in a recipe: data.clean.invalid_utf8)",
            place, line.substr(at, kEscapeBytes), at + 1);
      }
      line.replace(at, kEscapeBytes, "\\ufffd");
      at += kEscapeBytes;
      replaced = true;
    }
  }
  return replaced;
}

nlohmann::json parse_json_line(const std::string& line, const std::string& place) {
  if (is_blank(line)) fail<DataError>("{}: is blank; each line must be one JSON object, so remove blank lines", place);
  nlohmann::json object;
  if (const auto fault = parse_json_text(line, JsonComments::kRefuse, object)) {
    if (!fault->syntax) fail<DataError>("{}: {}", place, fault->what);
    fail<DataError>("{}: not valid JSON at byte {}; each line must be one object", place, fault->byte + 1);
  }
  if (!object.is_object()) fail<DataError>("{}: must be a JSON object, got {}", place, object.type_name());
  return object;
}

std::string text_field(const nlohmann::json& object, const std::string& field, const std::string& place) {
  const nlohmann::json* found = find_field(object, field);
  if (found == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    fail<DataError>("{}: has no field '{}'; its fields: {}", place, field,
                    keys.empty() ? "none" : shorten(fmt::format("{}", fmt::join(keys, ", ")), 200));
  }
  // JSON's numbers are doubles here: an integer above 2^53 would come out as another one.
  if (found->is_number_float() && std::abs(found->get<double>()) >= 9007199254740992.0)
    fail<DataError>("{}: the field '{}' is a number too large to keep every digit; write it as a string", place, field);
  if (found->is_number() || found->is_boolean()) return found->dump();
  if (!found->is_string()) fail<DataError>("{}: the field '{}' must be a string, got {}", place, field, found->type_name());
  std::string text = found->get<std::string>();
  // A line stays a line: what is written out, one pair a line, must be parallel again.
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

}  // namespace attnzoo
