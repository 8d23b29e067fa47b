// Text as the metrics see it: code points, white space and lower case as in Python, which sacrebleu is written in. Scores equal to
// sacrebleu's need the same str.split and str.lower to the letter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// The code points of UTF-8. Each byte that is not UTF-8 becomes one code point, U+DC80 .. U+DCFF, as with Python's surrogateescape.
std::u32string code_points(std::string_view text);

// str.isspace() of one character.
bool is_metric_space(char32_t c);

// str.lower() of Python 3.11 (Unicode 14) for every code point, with the final sigma; eval/lowercase_table.h holds its data.
std::u32string lowercase(std::u32string_view text);

// str.split(): the words between white space. The views point into `text`.
std::vector<std::u32string_view> split_at_space(std::u32string_view text);

}  // namespace attnzoo
