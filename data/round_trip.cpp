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

ChangedLine difference(std::string_view before, std::string_view after) {
  size_t same = 0;
  while (same < before.size() && same < after.size() && before[same] == after[same]) ++same;
  while (same > 0 && same < before.size() && (static_cast<unsigned char>(before[same]) & 0xC0) == 0x80) --same;
  size_t begin = same > kExampleCharacters / 2 ? same - kExampleCharacters / 2 : 0;
  while (begin > 0 && (static_cast<unsigned char>(before[begin]) & 0xC0) == 0x80) --begin;
  const std::string dots = begin > 0 ? "..." : "";
  ChangedLine line;
  line.before = dots + shorten(before.substr(begin), kExampleCharacters);
  line.after = dots + shorten(after.substr(std::min(begin, after.size())), kExampleCharacters);
  if (same < before.size()) line.character = name_of_character(before, same);
  return line;
}

}  // namespace

std::string ChangedLine::text() const {
  return fmt::format("{}: {} -> {}{}", place, before, after, character.empty() ? "" : fmt::format(" (at {})", character));
}

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
    auto& examples = spaces ? changed_in_spaces : changed;
    if (examples.size() == kMaxExamples) return;
    examples.push_back(difference(line, decoded));
    examples.back().place = place;
    examples.back().spaces = spaces;
  }
}

std::string RoundTrip::text() const {
  const double share = num_lines == 0 ? 0.0 : 100.0 * static_cast<double>(num_changed) / static_cast<double>(num_lines);
  std::string line = fmt::format("{} of {} lines come back changed ({:.2f}%)", num_changed, num_lines, share);
  if (num_spaces > 0) line += fmt::format(", {} in white space alone", num_spaces);
  if (num_unknown > 0) line += fmt::format(", {} with <unk>", num_unknown);
  if (const auto& examples = changed.empty() ? changed_in_spaces : changed; !examples.empty()) line += "; first: " + examples[0].text();
  return line;
}

}  // namespace attnzoo
