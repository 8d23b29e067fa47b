// Text and settings that tests of tokenisers learn from.
#pragma once

#include <string>
#include <vector>

#include "data/tokenizer.h"

namespace attnzoo::test {

inline const std::vector<std::string> kKinds = {"sentencepiece-unigram", "sentencepiece-bpe", "words", "characters"};

// Encoded and decoded again.
inline std::string through(const Tokenizer& tokenizer, const std::string& text) { return tokenizer.decode(tokenizer.encode(text)); }

inline const std::vector<std::string>& sample_lines() {
  static const std::vector<std::string> lines = [] {
    const std::vector<std::string> nouns = {"dog",
                                            "house",
                                            "garden",
                                            "M\xC3\xA4"
                                            "dchen",
                                            "river",
                                            "mountain"};
    const std::vector<std::string> verbs = {"sees", "builds", "crosses", "likes"};
    std::vector<std::string> made;
    for (const auto& a : nouns) {
      for (const auto& verb : verbs) {
        for (const auto& b : nouns) made.push_back("the " + a + " " + verb + " the " + b + " .");
      }
    }
    return made;
  }();
  return lines;
}

inline TokenizerConfig tokenizer_config_of(const std::string& kind, int64_t vocabulary_size = 400) {
  TokenizerConfig config;
  config.kind = kind;
  config.vocabulary_size = vocabulary_size;
  return config;
}

}  // namespace attnzoo::test
