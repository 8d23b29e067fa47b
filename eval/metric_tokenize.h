// Splits a line into the words that BLEU counts, with sacrebleu's tokenisers "13a" (mteval-v13a.pl, WMT's default) and "none" (for text
// that is tokenised already).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// The accepted names.
const std::vector<std::string>& metric_tokenizers();

// The text with spaces between its words; split_at_space() then yields the words. Throws ConfigError for an unknown tokeniser:
// "tokenize: unknown tokeniser '13b' (did you mean '13a'?); known tokenisers: 13a, none".
std::u32string metric_tokenize(std::u32string_view text, const std::string& tokenizer);

}  // namespace attnzoo
