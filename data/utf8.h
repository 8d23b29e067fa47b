// Checking and repairing UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), without torch.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attnzoo {

// Bytes of the character that starts at `offset`, or 0 when no valid one does.
size_t utf8_length(std::string_view text, size_t offset);

// 0-based offset of the first byte that begins no valid character; std::string_view::npos when all is valid.
size_t find_invalid_utf8(std::string_view text);

// Every maximal invalid sequence becomes U+FFFD, as the Unicode standard recommends; valid text is returned unchanged.
std::string replace_invalid_utf8(std::string_view text);

// At most `max_characters` code points of valid text, the last three of them "..." when some were omitted.
std::string shorten(std::string_view text, size_t max_characters);

// Whether `text` shows nothing: all of it is white space, control characters, or characters that Unicode gives no shape of their own
// (Default_Ignorable_Code_Point: U+00AD, U+200B, U+2060, U+FEFF, ...). An invalid byte shows something.
bool is_blank(std::string_view text);

// Code points in `text`; an invalid byte counts as one.
size_t count_characters(std::string_view text);

}  // namespace attnzoo
