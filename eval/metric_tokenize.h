// How BLEU cuts a line into words: sacrebleu's tokenisers "13a" (mteval-v13a.pl, the default of WMT) and "none".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// "13a", "none".
const std::vector<std::string>& metric_tokenizers();

// The text with spaces set between its words; split_at_space() of the result gives them. Throws ConfigError for an unknown tokeniser:
// "tokenize: unknown tokeniser '13b', did you mean '13a'?; known tokenisers: 13a, none".
std::u32string metric_tokenize(std::u32string_view text, const std::string& tokenizer);

}  // namespace attnzoo
