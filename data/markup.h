// Text inside HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace attnzoo {

// The text with what would be markup escaped. Bytes that are not UTF-8 become U+FFFD.
std::string markup_text(std::string_view text);

}  // namespace attnzoo
