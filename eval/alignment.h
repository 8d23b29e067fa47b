// Attention between words: what the weights of subwords say about the words they belong to.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace attnzoo {

// The word that each token belongs to, counted from 0 in the text of all tokens, where white space separates words; -1 for a token without
// text of its own (</s>). decode(ids) is their text.
std::vector<int32_t> word_of_tokens(std::span<const int32_t> ids, const std::function<std::string(std::span<const int32_t>)>& decode);

// One link per target word: the source word to which its tokens give most weight together, the first of equals. Pharaoh format, source
// first: "0-0 2-1". Words as in word_of_tokens(); weights_TS: [target tokens, source tokens], float, on the CPU.
std::string pharaoh_links(const torch::Tensor& weights_TS, std::span<const int32_t> target_words, std::span<const int32_t> source_words);

}  // namespace attnzoo
