#include "data/round_trip.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/extended_vocabulary.h"
#include "data/special_tokens.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kExampleCharacters = 40;

std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (std::string_view(" \t\r\v\f").find(c) == std::string_view::npos) kept += c;
  return kept;
}

// "U+200C": many of the characters that normalisation drops cannot be seen.
std::string name_of_character(std::string_view text, size_t offset) {
  const size_t length = std::max<size_t>(1, utf8_length(text, offset));
  const auto lead = static_cast<unsigned char>(text[offset]);
  uint32_t value = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3Fu);
  return fmt::format("U+{:04X}", value);
}

// Both texts from a little before the place where they part, and the character that stands there.
std::string difference(std::string_view before, std::string_view after) {
  size_t same = 0;
  while (same < before.size() && same < after.size() && before[same] == after[same]) ++same;
  while (same > 0 && same < before.size() && (static_cast<unsigned char>(before[same]) & 0xC0) == 0x80) --same;
  size_t begin = same > kExampleCharacters / 2 ? same - kExampleCharacters / 2 : 0;
  while (begin > 0 && (static_cast<unsigned char>(before[begin]) & 0xC0) == 0x80) --begin;
  const char* dots = begin > 0 ? "..." : "";
  const std::string at = same < before.size() ? fmt::format(" (at {})", name_of_character(before, same)) : "";
  return fmt::format("{}{} -> {}{}{}", dots, shorten(before.substr(begin), kExampleCharacters), dots,
                     shorten(after.substr(std::min(begin, after.size())), kExampleCharacters), at);
}

}  // namespace

void RoundTrip::add(const Tokenizer& tokenizer, std::string_view line, const std::string& place, const std::string_view* copied_from) {
  ++num_lines;
  std::string decoded;
  bool unknown = false;
  if (copied_from != nullptr) {
    const ExtendedSource source(tokenizer, *copied_from);
    const auto ids = *copied_from == line ? source.ids() : source.encode_target(line);
    decoded = source.decode(ids);
    unknown = std::find(ids.begin(), ids.end(), kUnkId) != ids.end();
  } else {
    const auto ids = tokenizer.encode(line);
    decoded = tokenizer.decode(ids);
    unknown = std::find(ids.begin(), ids.end(), kUnkId) != ids.end();
  }
  if (unknown) {
    ++num_unknown;
  } else if (decoded != line) {
    const bool spaces = without_spaces(decoded) == without_spaces(line);
    ++(spaces ? num_spaces : num_changed);
    if (example.empty() || (!spaces && !example_is_of_change_)) {
      example = fmt::format("{}: {}", place, difference(line, decoded));
      example_is_of_change_ = !spaces;
    }
  }
}

std::string RoundTrip::text() const {
  const double share = num_lines == 0 ? 0.0 : 100.0 * static_cast<double>(num_changed) / static_cast<double>(num_lines);
  std::string line = fmt::format("{} of {} lines come back changed ({:.2f}%)", num_changed, num_lines, share);
  if (num_spaces > 0) line += fmt::format(", {} in white space alone", num_spaces);
  if (num_unknown > 0) line += fmt::format(", {} with <unk>", num_unknown);
  if (!example.empty()) line += "; first: " + example;
  return line;
}

}  // namespace attnzoo
