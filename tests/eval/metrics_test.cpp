#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "eval/bleu.h"
#include "eval/chrf.h"
#include "eval/metric_text.h"
#include "eval/metric_tokenize.h"
#include "eval/ngram_matches.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

const nlohmann::json& fixture() {
  static const auto cases = nlohmann::json::parse(read_file(ATTNZOO_SOURCE_DIR "/tests/fixtures/metrics.json"));
  return cases;
}

}  // namespace

TEST_CASE("BLEU equals sacrebleu's to the last printed digit, with its signature") {
  for (const auto& test_case : fixture()) {
    const std::vector<std::string> hypotheses = test_case["hypotheses"], references = test_case["references"];
    for (const auto& expected : test_case["bleu"]) {
      INFO(test_case["name"] << ", tokenize " << expected["tokenize"] << ", lowercase " << expected["lowercase"]);
      const auto bleu = corpus_bleu(hypotheses, references, {expected["tokenize"], expected["lowercase"]});
      CHECK(bleu.text() == expected["text"].get<std::string>());
      CHECK(bleu.signature == expected["signature"].get<std::string>());
      CHECK(bleu.score == Approx(expected["score"].get<double>()).epsilon(1e-12));
    }
  }
}

TEST_CASE("chrF and chrF++ equal sacrebleu's to the last printed digit, with its signature") {
  for (const auto& test_case : fixture()) {
    const std::vector<std::string> hypotheses = test_case["hypotheses"], references = test_case["references"];
    for (const auto& expected : test_case["chrf"]) {
      INFO(test_case["name"] << ", word_order " << expected["word_order"] << ", lowercase " << expected["lowercase"]);
      ChrfOptions options;
      options.word_order = expected["word_order"];
      options.lowercase = expected["lowercase"];
      const auto chrf = corpus_chrf(hypotheses, references, options);
      CHECK(chrf.text() == expected["text"].get<std::string>());
      CHECK(chrf.signature == expected["signature"].get<std::string>());
      CHECK(chrf.score == Approx(expected["score"].get<double>()).epsilon(1e-12));
    }
  }
}

TEST_CASE("lower case is Python's for every character, also beside a capital sigma, and so is white space") {
  const auto expected = nlohmann::json::parse(read_file(ATTNZOO_SOURCE_DIR "/tests/fixtures/lowercase.json"));
  const auto context = code_points(expected["context"].get<std::string>());
  const char32_t block = expected["block"].get<uint32_t>();
  std::vector<uint32_t> spaces;
  for (char32_t begin = 0; begin < 0x110000; begin += block) {
    std::u32string text;
    for (char32_t c = begin; c < begin + block; ++c) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      if (is_metric_space(c)) spaces.push_back(c);
      // "{0}" in the context stands for the character.
      for (size_t i = 0; i < context.size(); ++i) {
        text.push_back(context[i] == '{' ? c : context[i]);
        if (context[i] == '{') i += 2;
      }
    }
    const auto lowered = lowercase(text);
    INFO("code points from " << fmt::format("U+{:04X}", static_cast<uint32_t>(begin)));
    CHECK(crc32_of(lowered.data(), lowered.size() * sizeof(char32_t)) == expected["crc32"].at(begin / block).get<uint32_t>());
  }
  CHECK(spaces == expected["spaces"].get<std::vector<uint32_t>>());
}

TEST_CASE("a capital sigma beside what is cased without being a letter, or ignored without being a mark") {
  CHECK((lowercase(U"A\u03A3\u200B") == U"a\u03C2\u200B"));              // zero-width space: ignored
  CHECK((lowercase(U"A\u03A3\u200BB") == U"a\u03C3\u200Bb"));            // and the next letter counts
  CHECK((lowercase(U"\u02B0\u03A3") == U"\u02B0\u03C3"));                // a modifier letter is cased, but ignored first
  CHECK((lowercase(U"\u00DF\u03A3") == U"\u00DF\u03C2"));                // a sharp s has no capital of one character
  CHECK((lowercase(U"\u0130\u03A3") == U"i\u0307\u03C2"));               // a capital I with a dot becomes two characters
  CHECK((lowercase(U"\u4E2D\u03A3 \u03A3") == U"\u4E2D\u03C3 \u03C3"));  // no cased character before
}

TEST_CASE("tokeniser 13a cuts every line where sacrebleu does") {
  for (const auto& test_case : fixture()) {
    for (size_t i = 0; i < test_case["hypotheses"].size(); ++i) {
      const std::string line = test_case["hypotheses"][i];
      INFO(test_case["name"] << ": " << line);
      const auto tokenized = metric_tokenize(code_points(line), "13a");
      std::vector<std::u32string> tokens, expected;
      for (const auto token : split_at_space(tokenized)) tokens.emplace_back(token);
      for (const std::string token : test_case["tokens_13a"][i]) expected.push_back(code_points(token));
      CHECK((tokens == expected));
    }
  }
}

TEST_CASE("13a joins lines inside a text as mteval does") {
  const auto tokenized = metric_tokenize(U"well-\nknown\nthing", "13a");
  const auto words = split_at_space(tokenized);
  REQUIRE(words.size() == 2);
  CHECK((words[0] == U"wellknown"));
  CHECK((words[1] == U"thing"));
}

TEST_CASE("n-gram matches are clipped to the side that has fewer") {
  const std::vector<uint32_t> hypothesis = {1, 1, 1, 2, 3}, reference = {1, 1, 2, 3, 3, 3};
  const auto matches = ngram_matches(hypothesis, reference, 7);
  CHECK(matches[0].matched == 4);  // 1 1 2 3
  CHECK(matches[1].matched == 3);  // 11 12 23
  CHECK(matches[2].matched == 2);  // 112 123
  CHECK(matches[3].matched == 1);  // 1123
  CHECK(matches[4].in_hypothesis == 1);
  CHECK(matches[4].in_reference == 2);
  CHECK(matches[5].in_hypothesis == 0);
  CHECK(matches[6].in_reference == 0);
}

TEST_CASE("bytes that are not UTF-8 count as characters of their own") {
  CHECK((code_points("a\xFFz\xC3\xA9\xF0\x9F\x98\x80") == std::u32string{U'a', 0xDCFF, U'z', 0xE9, 0x1F600}));
  CHECK(corpus_chrf(std::vector<std::string>{"a\xFF"}, std::vector<std::string>{"a\xFF"}).score == Approx(100));
}

TEST_CASE("a metric refuses unequal counts, naming both") {
  const std::vector<std::string> two(2, "x"), three(3, "x");
  CHECK_THROWS_WITH(corpus_bleu(two, three), "BLEU: 2 hypotheses and 3 references; equal counts are needed");
  CHECK_THROWS_WITH(corpus_chrf(three, two), "chrF: 3 hypotheses and 2 references; equal counts are needed");
}

TEST_CASE("an unknown metric tokeniser lists the known ones") {
  const std::vector<std::string> one(1, "x");
  CHECK_THROWS_WITH(corpus_bleu(one, one, {"13b", false}),
                    "tokenize: unknown tokeniser '13b' (did you mean '13a'?); known tokenisers: 13a, none");
  CHECK_THROWS_AS(corpus_bleu(one, one, {"moses", false}), ConfigError);
}

TEST_CASE("chrF refuses orders that count nothing") {
  const std::vector<std::string> one(1, "x");
  ChrfOptions options;
  options.char_order = 0;
  CHECK_THROWS_WITH(corpus_chrf(one, one, options),
                    "chrF: char_order must be at least 1, word_order at least 0 and beta at least 1, got 0, 0 and 2");
}
