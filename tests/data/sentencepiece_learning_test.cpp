// What SentencePiece learns from: text that it would change, skip or end the process over.
#include <algorithm>

#include "data/error.h"
#include "data/special_tokens.h"
#include "data/tokenizer.h"
#include "tests/data/tokenizer_samples.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::kKinds;
using attnzoo::test::sample_lines;
using attnzoo::test::TemporaryDirectory;
using attnzoo::test::through;
using attnzoo::test::tokenizer_config_of;

namespace {

// Persian with a joiner, a superscript, full-width punctuation, a ligature, SentencePiece's own characters, and the mark for <unk>.
const std::vector<std::string> kDelicate = {"\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xB1\xD9\x88\xD9\x85 Text",
                                            "5 m\xC2\xB2 \xEF\xBC\x8C\xEF\xAC\x81n",
                                            "a\xE2\x96\x81\x62 \xE2\x96\x81\xE2\x96\x82\xE2\x96\x85\xE2\x96\x81", "\xE2\x81\x87 why",
                                            "zero\xE2\x80\x8Bwidth \xE2\x80\x8Fmark\ttab"};

std::shared_ptr<const Tokenizer> learned_with(const std::string& kind, const std::string& normalization) {
  TokenizerConfig config = tokenizer_config_of(kind);
  config.normalization = normalization;
  std::vector<std::string> lines = sample_lines();
  lines.insert(lines.end(), kDelicate.begin(), kDelicate.end());
  return train_tokenizer(config, lines);
}

}  // namespace

TEST_CASE("by default text comes back as it was, whatever its characters") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const auto tokenizer = kind == "words" ? train_tokenizer(tokenizer_config_of(kind), kDelicate) : learned_with(kind, "identity");
    CHECK(tokenizer->normalization() == "identity");
    for (const auto& text : kDelicate) CHECK(through(*tokenizer, text) == text);
  }
  // Where nothing of the kind was learned from, too.
  const auto tokenizer = train_tokenizer(tokenizer_config_of("sentencepiece-bpe"), sample_lines());
  for (const auto& text : kDelicate) CHECK(through(*tokenizer, text) == text);
  CHECK(through(*tokenizer, "  two   spaces ") == "two spaces");
}

TEST_CASE("data.tokenizer.normalization changes text as it says, and stays with the tokeniser") {
  const std::string persian = kDelicate[0], square = "5 m\xC2\xB2",
                    wide =
                        "\xEF\xBC\xA1 Stra\xC3\x9F"
                        "e";
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    const auto nfkc = learned_with(kind, "nfkc"), nmt = learned_with(kind, "nmt_nfkc"), folded = learned_with(kind, "nfkc_cf"),
               nmt_folded = learned_with(kind, "nmt_nfkc_cf");
    CHECK(through(*nfkc, persian) == persian);
    CHECK(through(*nmt, persian) == "\xD9\x85\xDB\x8C \xD8\xB1\xD9\x88\xD9\x85 Text");
    for (const auto& tokenizer : {nfkc, nmt}) {
      CHECK(through(*tokenizer, square) == "5 m2");
      CHECK(through(*tokenizer, wide) ==
            "A Stra\xC3\x9F"
            "e");
    }
    for (const auto& tokenizer : {folded, nmt_folded})
      CHECK(through(*tokenizer, wide) ==
            "a stra\xC3\x9F"
            "e");
    const auto loaded = load_tokenizer(nmt->serialized(), "memory");
    CHECK(loaded->normalization() == "nmt_nfkc");
    CHECK(through(*loaded, square) == "5 m2");
  }
}

TEST_CASE("a line with a character that SentencePiece reserves is learned from like any other") {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CAPTURE(kind);
    std::vector<std::string> lines;
    for (const std::string& line : sample_lines()) lines.push_back(line + " \xE2\x96\x85");
    const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), lines);
    CHECK(tokenizer->serialized() == train_tokenizer(tokenizer_config_of(kind), sample_lines())->serialized());
    CHECK(through(*tokenizer, lines[0]) == lines[0]);
  }
}

TEST_CASE("text without spaces, of any length, is learned from and never ends the process") {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CAPTURE(kind);
    for (const size_t length : {999u, 1000u, 1001u, 32768u, 32769u, 40000u, 65535u, 65536u, 70000u}) {
      const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), std::vector<std::string>{"a b", std::string(length, 'x')});
      CHECK(tokenizer->encode("xxxxxxxxxxxxxxxx").size() < 9);
    }
    std::string chinese, ligatures;
    for (int i = 0; i < 20000; ++i) chinese += "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C";
    for (int i = 0; i < 3000; ++i) ligatures += "\xE3\x8C\x96";  // six letters each under nfkc
    TokenizerConfig config = tokenizer_config_of(kind);
    config.normalization = "nmt_nfkc";
    const auto tokenizer = train_tokenizer(config, std::vector<std::string>{chinese, ligatures});
    CHECK(tokenizer->encode("\xE4\xBD\xA0\xE5\xA5\xBD").size() <= 3);
  }
}

TEST_CASE("text of which normalisation leaves nothing is refused, with the setting") {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    TokenizerConfig config = tokenizer_config_of(kind);
    config.normalization = "nmt_nfkc";
    const std::vector<std::string> nothing = {"\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"};  // U+FFFD becomes a space
    CHECK_THROWS_WITH(
        train_tokenizer(config, nothing),
        Equals("tokeniser: the text has 2 lines, and none has a character left after data.tokenizer.normalization 'nmt_nfkc'; "
               "learn from other text, or set it to identity"));
    config.normalization = "identity";
    CHECK(through(*train_tokenizer(config, nothing), nothing[1]) == nothing[1]);
  }
}

TEST_CASE("a vocabulary too small for a text's characters is refused with the size that is enough") {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CHECK_THROWS_WITH(
        train_tokenizer(tokenizer_config_of(kind, 270), sample_lines()),
        Equals("data.tokenizer.vocabulary_size: must be at least 282 for this text, got 270: it has 22 different characters, "
               "and 260 pieces are special tokens and bytes; raise it, or lower data.tokenizer.character_coverage (1, at least "
               "0.98) so that rare characters become bytes"));
    CHECK(train_tokenizer(tokenizer_config_of(kind, 282), sample_lines())->vocabulary_size() == 282);
  }
}
