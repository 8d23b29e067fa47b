// Text whose words stand without spaces between them (Chinese, Japanese, Thai, ...): BLEU's tokeniser 13a takes whole sentences for words
// there, and BLEU stays near 0 however good the translations are.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace attnzoo {

// The mean number of characters in a word as 13a cuts the lines, where that shows that it cannot cut them; nothing where it can. Text in
// these scripts that is already cut into words (by spaces) is fine.
std::optional<double> mean_word_length_if_uncut(std::span<const std::string> lines);

}  // namespace attnzoo
