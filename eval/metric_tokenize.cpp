#include "eval/metric_tokenize.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/json_fields.h"
#include "eval/metric_text.h"

namespace attnzoo {
namespace {

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_point_or_comma(char32_t c) { return c == '.' || c == ','; }

// [\{-\~\[-\` -\&\(-\+\:-\@\/]: ASCII punctuation and space, except ' , - .
bool is_split_off(char32_t c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || (c >= ':' && c <= '@') ||
         c == '/';
}

std::u32string replace_all(std::u32string_view text, std::u32string_view from, std::u32string_view to) {
  std::u32string replaced;
  for (size_t begin = 0;;) {
    const size_t at = text.find(from, begin);
    replaced += text.substr(begin, at == text.npos ? at : at - begin);
    if (at == text.npos) return replaced;
    replaced += to;
    begin = at + from.size();
  }
}

// Python's re.sub with a pattern of two characters; matches do not overlap.
template <class Matches, class Append>
std::u32string substitute_pairs(const std::u32string& text, Matches matches, Append append) {
  std::u32string out;
  out.reserve(text.size() + 16);
  for (size_t i = 0; i < text.size();) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      append(out, text[i], text[i + 1]);
      i += 2;
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

std::u32string tokenize_13a(std::u32string_view line) {
  std::u32string text(line);
  if (text.find(U"<skipped>") != text.npos) text = replace_all(text, U"<skipped>", U"");
  if (text.find(U'\n') != text.npos) text = replace_all(replace_all(text, U"-\n", U""), U"\n", U" ");
  if (text.find(U'&') != text.npos) {
    text = replace_all(text, U"&quot;", U"\"");
    text = replace_all(text, U"&amp;", U"&");
    text = replace_all(text, U"&lt;", U"<");
    text = replace_all(text, U"&gt;", U">");
  }
  std::u32string spaced = U" ";
  for (const char32_t c : text + U" ") {
    if (is_split_off(c)) {
      spaced += {U' ', c, U' '};
    } else {
      spaced.push_back(c);
    }
  }
  spaced = substitute_pairs(
      spaced, [](char32_t a, char32_t b) { return !is_digit(a) && is_point_or_comma(b); },
      [](std::u32string& out, char32_t a, char32_t b) { out += {a, U' ', b, U' '}; });
  spaced = substitute_pairs(
      spaced, [](char32_t a, char32_t b) { return is_point_or_comma(a) && !is_digit(b); },
      [](std::u32string& out, char32_t a, char32_t b) { out += {U' ', a, U' ', b}; });
  return substitute_pairs(
      spaced, [](char32_t a, char32_t b) { return is_digit(a) && b == '-'; },
      [](std::u32string& out, char32_t a, char32_t b) { out += {a, U' ', b, U' '}; });
}

}  // namespace

const std::vector<std::string>& metric_tokenizers() {
  static const std::vector<std::string> names = {"13a", "none"};
  return names;
}

std::u32string metric_tokenize(std::u32string_view text, const std::string& tokenizer) {
  if (tokenizer == "13a") return tokenize_13a(text);
  if (tokenizer == "none") return std::u32string(text);
  const std::string near = nearest(tokenizer, metric_tokenizers());
  fail<ConfigError>("tokenize: unknown tokeniser '{}'{}; known tokenisers: {}", tokenizer,
                    near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(metric_tokenizers(), ", "));
}

}  // namespace attnzoo
