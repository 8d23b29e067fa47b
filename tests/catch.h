// The test framework. Include it after LibTorch's headers, which define CHECK too. Works with Catch2 2.13 and 3.
#pragma once

#ifdef CHECK
#undef CHECK
#endif
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
namespace attnzoo::test {
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
}  // namespace attnzoo::test
#else
#include <catch2/catch.hpp>
namespace attnzoo::test {
using Catch::Detail::Approx;
using Catch::Matchers::Equals;
inline auto ContainsSubstring(const std::string& text) { return Catch::Contains(text); }
}  // namespace attnzoo::test
#endif
