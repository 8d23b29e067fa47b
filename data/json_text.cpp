// JSON on disk and on the command line: parsing with line numbers, writing, --set, merging.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/json_parser.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

int64_t line_of_byte(std::string_view text, size_t byte) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size())), '\n');
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& where) {
  nlohmann::json root;
  if (const auto fault = parse_json_text(text, JsonComments::kAccept, root))
    fail<ConfigError>("{}:{}: {}", where, line_of_byte(text, fault->byte), fault->what);
  return root;
}

nlohmann::json read_json(const std::filesystem::path& file) {
  std::error_code not_there;  // read_file says so
  const auto num_bytes = std::filesystem::file_size(file, not_there);
  if (!not_there && num_bytes > kMaxJsonBytes)
    fail<ConfigError>("{}: {} bytes of JSON; at most {} are accepted", file.string(), num_bytes, kMaxJsonBytes);
  return parse_json(read_file(file), file.string());
}

std::string json_text(const nlohmann::json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}
std::string json_text(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void require_utf8_setting(std::string_view field, std::string_view text) {
  const size_t byte = find_invalid_utf8(text);
  if (byte == std::string_view::npos) return;
  fail<ConfigError>("{}: '{}' is not valid UTF-8 at byte {}, so it cannot be stored in a configuration; rename the file or folder",
                    replace_invalid_utf8(field), replace_invalid_utf8(text), byte + 1);
}

nlohmann::json parse_setting(std::string_view dotted_key, std::string_view text) {
  require_utf8_setting(dotted_key, dotted_key);
  require_utf8_setting(dotted_key, text);
  nlohmann::json value;
  const auto fault = parse_json_text(text, JsonComments::kRefuse, value);
  if (!fault) return value;
  if (!fault->syntax) fail<ConfigError>("{}: {}", dotted_key, fault->what);
  return std::string(text);
}

void set_field(nlohmann::json& root, std::string_view dotted_key, std::string_view text) {
  set_value(root, dotted_key, parse_setting(dotted_key, text));
}

void set_value(nlohmann::json& root, std::string_view dotted_key, nlohmann::json value) {
  nlohmann::json* node = &root;
  size_t begin = 0, num_levels = 0;
  while (true) {
    const size_t dot = dotted_key.find('.', begin);
    const std::string key(dotted_key.substr(begin, dot == std::string_view::npos ? dot : dot - begin));
    if (key.empty()) fail<ConfigError>("'{}': has an empty part; write a key such as train.max_steps", dotted_key);
    if (++num_levels > kMaxJsonDepth) fail<ConfigError>("'{}': more than {} levels", shorten(dotted_key, 60), kMaxJsonDepth);
    if (node->is_null()) *node = nlohmann::json::object();
    if (!node->is_object()) {
      fail<ConfigError>("{}: '{}' is not an object, so nothing can be set inside it", dotted_key,
                        dotted_key.substr(0, begin == 0 ? 0 : begin - 1));
    }
    node = &(*node)[key];
    if (dot == std::string_view::npos) break;
    begin = dot + 1;
  }
  *node = std::move(value);
}

void merge_json(nlohmann::json& base, const nlohmann::json& overrides) {
  if (!base.is_object() || !overrides.is_object()) {
    base = overrides;
    return;
  }
  for (const auto& [key, value] : overrides.items()) merge_json(base[key], value);
}

}  // namespace attnzoo
