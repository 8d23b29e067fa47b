#include "data/printable.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/utf8.h"

namespace attnzoo {
namespace {

bool is_plain_ascii(char byte) { return byte >= 0x20 && byte < 0x7F; }

// The code point of a valid UTF-8 sequence of two or three bytes; longer ones are never escaped.
unsigned code_point(std::string_view bytes) {
  const auto low_bits = [&](size_t i) { return static_cast<unsigned>(bytes[i]) & 0x3F; };
  if (bytes.size() == 2) return (static_cast<unsigned>(bytes[0]) & 0x1F) << 6 | low_bits(1);
  if (bytes.size() == 3) return (static_cast<unsigned>(bytes[0]) & 0x0F) << 12 | low_bits(1) << 6 | low_bits(2);
  return 0x10000;
}

bool acts_on_terminal(unsigned c) { return c < 0xA0 || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }

void append_escaped_byte(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += fmt::format("\\x{:02x}", byte);
  }
}

// Appends the character at `at`, escaped where it must be, and returns its length.
size_t append_printable(std::string& out, std::string_view text, size_t at) {
  if (is_plain_ascii(text[at])) return out += text[at], 1;
  const size_t length = utf8_length(text, at);
  if (length <= 1) return append_escaped_byte(out, static_cast<unsigned char>(text[at])), 1;
  const auto character = text.substr(at, length);
  if (const unsigned c = code_point(character); acts_on_terminal(c))
    out += fmt::format("\\u{:04x}", c);
  else
    out += character;
  return length;
}

}  // namespace

std::string printable(std::string_view text, std::string_view kept) {
  if (std::ranges::all_of(text, is_plain_ascii)) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  for (size_t i = 0; i < text.size();) {
    if (kept.find(text[i]) != std::string_view::npos)
      out += text[i++];
    else
      i += append_printable(out, text, i);
  }
  return out;
}

std::string printable_message(std::string_view text) {
  std::string out;
  for (size_t begin = 0;;) {
    const size_t end = std::min(text.find("\n  ", begin), text.size());
    out += printable(text.substr(begin, end - begin));
    if (end == text.size()) return out;
    out += '\n';
    begin = end + 1;
  }
}

std::string shell_quoted(std::string_view word) {
  const auto safe = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_-./:=,@%+").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, safe)) return std::string(word);
  const bool shown_as_is = printable(word) == word;
  std::string out = shown_as_is ? "'" : "$'";
  for (size_t i = 0; i < word.size();) {
    const size_t length = shown_as_is ? 1 : std::max<size_t>(utf8_length(word, i), 1);
    const auto character = word.substr(i, length);
    if (shown_as_is) {
      out += word[i] == '\'' ? std::string_view("'\\''") : character;
    } else if (character == "'" || character == "\\") {
      out.append("\\").append(character);
    } else if (printable(character) == character) {
      out += character;
    } else {
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
    i += length;
  }
  return out + "'";
}

}  // namespace attnzoo
