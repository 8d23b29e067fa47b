// The one parser of JSON that users or strangers wrote. Depth and size are limited, so that hostile text cannot overflow the stack, and
// nothing is thrown: what is wrong comes back as a value that the caller turns into a message with file and line.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace attnzoo {

inline constexpr size_t kMaxJsonBytes = size_t{100} << 20;
inline constexpr size_t kMaxJsonDepth = 100;

struct JsonFault {
  // Not JSON at all; otherwise it is refused for another reason: a number beyond double, nesting too deep, a key given twice,
  // a NUL, its size.
  bool syntax = false;
  size_t byte = 0;   // 0-based place in the text
  std::string what;  // "not valid JSON: ...", "nested more than 100 levels deep"
};

enum class JsonComments { kRefuse, kAccept };

// Parses the whole of `text` into `value`. Returns what is wrong, or nothing.
std::optional<JsonFault> parse_json_text(std::string_view text, JsonComments comments, nlohmann::json& value);

}  // namespace attnzoo
