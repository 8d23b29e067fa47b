#include "data/utf8.h"

#include <algorithm>

namespace attnzoo {
namespace {

// What a first byte allows: the length, and the range of the second byte (which excludes overlong forms and surrogates).
struct Lead {
  size_t length;
  unsigned char second_min, second_max;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Bytes from `offset` that could still begin a valid character, at least 1, and whether they are a whole one.
std::pair<size_t, bool> valid_prefix(std::string_view text, size_t offset) {
  const Lead lead = lead_of(static_cast<unsigned char>(text[offset]));
  if (lead.length == 0) return {1, false};
  for (size_t i = 1; i < lead.length; ++i) {
    if (offset + i >= text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[offset + i]);
    const unsigned char low = i == 1 ? lead.second_min : 0x80, high = i == 1 ? lead.second_max : 0xBF;
    if (byte < low || byte > high) return {i, false};
  }
  return {lead.length, true};
}

}  // namespace

size_t utf8_length(std::string_view text, size_t offset) {
  const auto [length, valid] = valid_prefix(text, offset);
  return valid ? length : 0;
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const size_t length = utf8_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string valid_text;
  valid_text.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto [length, valid] = valid_prefix(text, i);
    valid_text.append(valid ? text.substr(i, length) : std::string_view("\xEF\xBF\xBD"));
    i += length;
  }
  return valid_text;
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) i += std::max<size_t>(1, utf8_length(text, i));
  return count;
}

std::string shorten(std::string_view text, size_t max_characters) {
  if (count_characters(text) <= max_characters) return std::string(text);
  const size_t num_dots = std::min<size_t>(3, max_characters);
  size_t end = 0;
  for (size_t count = num_dots; count < max_characters; ++count) end += std::max<size_t>(1, utf8_length(text, end));
  return std::string(text.substr(0, end)) + std::string(num_dots, '.');
}

}  // namespace attnzoo
