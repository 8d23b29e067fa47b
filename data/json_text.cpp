// JSON on disk and on the command line: parsing with line numbers, --set, merging.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

int64_t line_of_byte(std::string_view text, size_t byte) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size())), '\n');
}

// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error ..." without what we say ourselves.
std::string reason_of(const nlohmann::json::parse_error& error) {
  const std::string text = error.what();
  const size_t colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& where) {
  // nlohmann keeps the last of two equal keys; in a recipe the first one is then silently without effect.
  std::vector<std::set<std::string>> keys_of_open_objects;
  std::string repeated;
  const auto note_repeated = [&](int /*depth*/, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (event == nlohmann::json::parse_event_t::object_start) keys_of_open_objects.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) keys_of_open_objects.pop_back();
    if (event == nlohmann::json::parse_event_t::key && !keys_of_open_objects.back().insert(parsed.get<std::string>()).second)
      repeated = parsed.get<std::string>();
    return true;
  };
  nlohmann::json root;
  try {
    root = nlohmann::json::parse(text, note_repeated, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const nlohmann::json::parse_error& error) {
    const size_t byte = error.byte == 0 ? 0 : error.byte - 1;
    fail<ConfigError>("{}:{}: not valid JSON: {}", where, line_of_byte(text, byte), reason_of(error));
  }
  if (!repeated.empty()) fail<ConfigError>("{}: the key '{}' stands twice in one object; remove one of them", where, repeated);
  return root;
}

nlohmann::json read_json(const std::filesystem::path& file) { return parse_json(read_file(file), file.string()); }

void set_field(nlohmann::json& root, std::string_view dotted_key, std::string_view value) {
  nlohmann::json* node = &root;
  size_t begin = 0;
  while (true) {
    const size_t dot = dotted_key.find('.', begin);
    const std::string key(dotted_key.substr(begin, dot == std::string_view::npos ? dot : dot - begin));
    if (key.empty()) fail<ConfigError>("'{}': has an empty part; write a key such as train.max_steps", dotted_key);
    if (node->is_null()) *node = nlohmann::json::object();
    if (!node->is_object()) {
      fail<ConfigError>("{}: '{}' is not an object, so nothing can be set inside it", dotted_key,
                        dotted_key.substr(0, begin == 0 ? 0 : begin - 1));
    }
    node = &(*node)[key];
    if (dot == std::string_view::npos) break;
    begin = dot + 1;
  }
  nlohmann::json parsed = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
  *node = parsed.is_discarded() ? nlohmann::json(std::string(value)) : std::move(parsed);
}

void merge_json(nlohmann::json& base, const nlohmann::json& overrides) {
  if (!base.is_object() || !overrides.is_object()) {
    base = overrides;
    return;
  }
  for (const auto& [key, value] : overrides.items()) merge_json(base[key], value);
}

}  // namespace attnzoo
