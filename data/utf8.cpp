#include "data/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

struct CodeRange {
  char32_t first, last;
};
// Unicode 16: White_Space, Cc and Default_Ignorable_Code_Point, with the marks of interlinear annotation and the empty Braille pattern.
constexpr std::array kInvisible = std::to_array<CodeRange>(
    {{0x00, 0x20},     {0x7F, 0xA0},       {0xAD, 0xAD},       {0x34F, 0x34F},    {0x61C, 0x61C},   {0x115F, 0x1160},
     {0x1680, 0x1680}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x2000, 0x200F},  {0x2028, 0x202F}, {0x205F, 0x206F},
     {0x2800, 0x2800}, {0x3000, 0x3000},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},  {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
     {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}});

// Of a valid character of `length` bytes.
char32_t code_point_at(std::string_view text, size_t offset, size_t length) {
  const auto first = static_cast<unsigned char>(text[offset]);
  char32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3Fu);
  return code;
}

bool is_invisible(char32_t code) {
  const auto range = std::find_if(kInvisible.begin(), kInvisible.end(), [&](const CodeRange& at) { return code <= at.last; });
  return range != kInvisible.end() && code >= range->first;
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

bool is_blank(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text, i);
    if (length == 0 || !is_invisible(code_point_at(text, i, length))) return false;
    i += length;
  }
  return true;
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
