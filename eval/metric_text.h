// Text as the metrics see it: code points, Python's idea of white space and of lower case. sacrebleu is written in Python, and a score
// equal to its own needs both to the letter (str.split, str.lower).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// Bytes that are not UTF-8 become one code point each (U+DC80 .. U+DCFF, as Python's surrogateescape).
std::u32string code_points(std::string_view text);

// str.isspace() of one character.
bool is_metric_space(char32_t c);

// str.lower(): simple mappings of Unicode 14, U+0130 as two characters, and the final sigma.
std::u32string lowercase(std::u32string_view text);

// str.split(): the runs of what is not white space. The views point into `text`.
std::vector<std::u32string_view> split_at_space(std::u32string_view text);

}  // namespace attnzoo
