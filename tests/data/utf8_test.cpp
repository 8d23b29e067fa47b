#include "data/utf8.h"

#include "tests/catch.h"

using namespace attnzoo;

TEST_CASE("valid UTF-8 of every length is accepted") {
  CHECK(find_invalid_utf8("") == std::string::npos);
  CHECK(find_invalid_utf8("a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") ==
        std::string::npos);
}

TEST_CASE("the first invalid byte is found: stray, cut, overlong, surrogate, too large") {
  CHECK(find_invalid_utf8("ab\x80") == 2);
  CHECK(find_invalid_utf8("ab\xC3") == 2);
  CHECK(find_invalid_utf8("\xC3\xA4\xE2\x82") == 2);
  CHECK(find_invalid_utf8("\xC0\x80") == 0);
  CHECK(find_invalid_utf8("\xE0\x9F\xBF") == 0);
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);
  CHECK(find_invalid_utf8("\xF0\x8F\xBF\xBF") == 0);
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);
  CHECK(find_invalid_utf8("\xF5\x80\x80\x80") == 0);
  CHECK(find_invalid_utf8("gr\xFC\xDF") == 2);  // Latin-1
}

TEST_CASE("each maximal invalid sequence becomes one U+FFFD") {
  CHECK(replace_invalid_utf8("a\xC3\xA4z") == "a\xC3\xA4z");
  // The example of the Unicode standard, 3.9, table 3-11.
  CHECK(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x41");
  CHECK(replace_invalid_utf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a long text is shortened between characters") {
  CHECK(shorten("abc", 3) == "abc");
  CHECK(shorten("abcdefgh", 6) == "abc...");
  CHECK(shorten("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F", 4) == "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F");
  CHECK(shorten("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9Fx", 4) == "\xC3\xA4...");
  CHECK(count_characters("\xC3\xA4z\xF0\x9F\x98\x80") == 3);
}

TEST_CASE("a line is blank when nothing of it can be seen, in any script") {
  const auto utf8 = [](char32_t code) {
    std::string text;
    if (code < 0x80) return text += static_cast<char>(code);
    const int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    text += static_cast<char>((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | (code >> (6 * (length - 1))));
    for (int i = length - 2; i >= 0; --i) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
    return text;
  };
  std::string all;
  for (const char32_t code : {U' ',      U'\t',     U'\v',     U'\f',     U'\r',     U'\0',     U'\x1B',       U'\x7F',      U'\x85',
                              U'\xA0',   U'\xAD',   U'\u034F', U'\u061C', U'\u115F', U'\u1160', U'\u1680',     U'\u180E',    U'\u2003',
                              U'\u200B', U'\u200C', U'\u200D', U'\u200E', U'\u200F', U'\u2028', U'\u202A',     U'\u2060',    U'\u2066',
                              U'\u2800', U'\u3000', U'\u3164', U'\uFE0F', U'\uFEFF', U'\uFFA0', U'\U000E0001', U'\U000E0100'}) {
    INFO(static_cast<uint32_t>(code));
    CHECK(is_blank(utf8(code)));
    all += utf8(code);
  }
  CHECK(is_blank(all));
  CHECK(is_blank(""));
  for (const char32_t code :
       {U'!', U'a', U'\xA1', U'\xAE', U'\u0600', U'\u0301', U'\u2010', U'\u2030', U'\u3001', U'\uFFFC', U'\uFFFD', U'\U0001F600'}) {
    INFO(static_cast<uint32_t>(code));
    CHECK_FALSE(is_blank(all + utf8(code) + all));
  }
  CHECK_FALSE(is_blank(" \xFF"));
  CHECK_FALSE(is_blank("\xE3\x80"));
}
