// A tokeniser for tests: the letter a is id 4, b is 5, ..; spaces are ignored, anything else is <unk>.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/special_tokens.h"
#include "data/tokenizer.h"

namespace attnzoo::test {

class LetterTokenizer : public Tokenizer {
 public:
  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    for (const char c : text) {
      if (c != ' ') ids.push_back(c >= 'a' && c <= 'z' ? kNumSpecialTokens + (c - 'a') : kUnkId);
    }
    return ids;
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const int32_t id : ids) text += id >= kNumSpecialTokens ? static_cast<char>('a' + id - kNumSpecialTokens) : '?';
    return text;
  }
  std::string piece(int32_t id) const override { return decode(std::vector<int32_t>{id}); }
  int64_t vocabulary_size() const override { return kNumSpecialTokens + 26; }
  std::string kind() const override { return "letters"; }
  std::string serialized() const override { return "letters"; }
};

inline TokenizerPair letter_tokenizers() {
  const auto letters = std::make_shared<LetterTokenizer>();
  return {letters, letters};
}

}  // namespace attnzoo::test
