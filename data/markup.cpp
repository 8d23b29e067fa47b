#include "data/markup.h"

#include "data/utf8.h"

namespace attnzoo {

std::string markup_text(std::string_view text) {
  std::string escaped;
  for (const char c : replace_invalid_utf8(text)) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace attnzoo
