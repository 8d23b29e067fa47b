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
