// Which text BLEU cannot cut, and which metrics judge a run then.
#include "train/metric_choice.h"

#include <memory>

#include "data/error.h"
#include "train/uncut_text.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

// "The file cannot be opened", "this package contains shared libraries" and the like; also cut into words, where that was done.
const std::vector<std::string> kJapanese = {
    "\u30d5\u30a1\u30a4\u30eb\u3092\u958b\u304f\u3053\u3068\u304c\u3067\u304d\u307e\u305b\u3093\u3067\u3057\u305f\u3002",
    "\u3053\u306e\u30d1\u30c3\u30b1\u30fc\u30b8\u306b\u306f\u5171\u6709\u30e9\u30a4\u30d6\u30e9\u30ea\u304c\u542b\u307e\u308c"
    "\u3066\u3044\u307e\u3059\u3002"};
const std::vector<std::string> kJapaneseMixed = {
    "Debian \u306e\u30d1\u30c3\u30b1\u30fc\u30b8\u3092\u7ba1\u7406\u3059\u308b\u305f\u3081\u306e\u30c4\u30fc\u30eb\u3067"
    "\u3059\u3002",
    "\u3053\u306e\u30b3\u30de\u30f3\u30c9\u306f GNU General Public License \u306e\u4e0b\u3067\u914d\u5e03\u3055\u308c\u3066"
    "\u3044\u307e\u3059\u3002"};
const std::vector<std::string> kJapaneseCut = {
    "\u30d5\u30a1\u30a4\u30eb \u3092 \u958b\u304f \u3053\u3068 \u304c \u3067\u304d \u307e\u305b \u3093 \u3067\u3057 \u305f "
    "\u3002",
    "\u3053\u306e \u30d1\u30c3\u30b1\u30fc\u30b8 \u306b \u306f \u5171\u6709 \u30e9\u30a4\u30d6\u30e9\u30ea \u304c \u542b"
    "\u307e \u308c \u3066 \u3044 \u307e\u3059 \u3002"};
const std::vector<std::string> kChinese = {"\u65e0\u6cd5\u6253\u5f00\u6587\u4ef6\u3002",
                                           "\u6b64\u8f6f\u4ef6\u5305\u5305\u542b\u5171\u4eab\u5e93\u3002"};
const std::vector<std::string> kThai = {
    "\u0e44\u0e21\u0e48\u0e2a\u0e32\u0e21\u0e32\u0e23\u0e16\u0e40\u0e1b\u0e34\u0e14\u0e44\u0e1f\u0e25\u0e4c\u0e44\u0e14\u0e49",
    "\u0e41\u0e1e\u0e47\u0e01\u0e40\u0e01\u0e08\u0e19\u0e35\u0e49\u0e21\u0e35\u0e44\u0e25\u0e1a\u0e23\u0e32\u0e23\u0e35\u0e17"
    "\u0e35\u0e48\u0e43\u0e0a\u0e49\u0e23\u0e48\u0e27\u0e21\u0e01\u0e31\u0e19"};
const std::vector<std::string> kThaiCut = {
    "\u0e44\u0e21\u0e48 \u0e2a\u0e32\u0e21\u0e32\u0e23\u0e16 \u0e40\u0e1b\u0e34\u0e14 \u0e44\u0e1f\u0e25\u0e4c \u0e44\u0e14"
    "\u0e49",
    "\u0e41\u0e1e\u0e47\u0e01\u0e40\u0e01\u0e08 \u0e19\u0e35\u0e49 \u0e21\u0e35 \u0e44\u0e25\u0e1a\u0e23\u0e32\u0e23\u0e35 "
    "\u0e17\u0e35\u0e48 \u0e43\u0e0a\u0e49 \u0e23\u0e48\u0e27\u0e21 \u0e01\u0e31\u0e19"};
const std::vector<std::string> kKhmer = {
    "\u1798\u17b7\u1793\u17a2\u17b6\u1785\u1794\u17be\u1780\u17af\u1780\u179f\u17b6\u179a\u1794\u17b6\u1793\u1791\u17c1"};
const std::vector<std::string> kKorean = {
    "\ud30c\uc77c\uc744 \uc5f4 \uc218 \uc5c6\uc2b5\ub2c8\ub2e4.",
    "\uc774 \ud328\ud0a4\uc9c0\uc5d0\ub294 \uacf5\uc720 \ub77c\uc774\ube0c\ub7ec\ub9ac\uac00 \ub4e4\uc5b4 \uc788\uc2b5\ub2c8"
    "\ub2e4."};
const std::vector<std::string> kGerman = {"Die Datei kann nicht ge\u00f6ffnet werden.", "Rindfleischetikettierungs\u00fcberwachungsgesetz"};

class NoCorpus : public Corpus {
 public:
  int64_t num_pairs() const override { return 1; }
  std::span<const int32_t> source(int64_t) const override { return {}; }
  std::span<const int32_t> target(int64_t) const override { return {}; }
  int64_t line(int64_t) const override { return 1; }
  int64_t num_source_tokens() const override { return 0; }
  int64_t num_target_tokens() const override { return 0; }
  std::string digest() const override { return {}; }
};

PreparedData validation_of(const std::vector<std::string>& sources, const std::vector<std::string>& references) {
  PreparedData data;
  data.valid = std::make_shared<NoCorpus>();
  data.valid_source = sources;
  data.valid_target = references;
  return data;
}

struct Chosen {
  MetricChoice choice;
  std::string said;
};

Chosen choose(const PreparedData& data, const TrainConfig& config = {}, bool is_classifier = false) {
  Chosen chosen;
  chosen.choice = choose_metrics(config, data, is_classifier, [&](const std::string& line) { chosen.said += line + "\n"; });
  return chosen;
}

}  // namespace

TEST_CASE("text without spaces between words is told from text with them, also where it is cut already") {
  for (const auto& uncut : {kJapanese, kJapaneseMixed, kChinese, kThai, kKhmer}) {
    INFO(uncut[0]);
    CHECK(mean_word_length_if_uncut(uncut).has_value());
  }
  for (const auto& cut : {kJapaneseCut, kThaiCut, kKorean, kGerman, std::vector<std::string>{"", "a b c"}, std::vector<std::string>{}}) {
    INFO((cut.empty() ? "" : cut[0]));
    CHECK_FALSE(mean_word_length_if_uncut(cut).has_value());
  }
  CHECK(mean_word_length_if_uncut(std::vector<std::string>{"\u6253\u5f00\u6587\u4ef6"}) == 4.0);
}

TEST_CASE("chrF judges references that BLEU cannot cut, and a line says so") {
  const auto [choice, said] = choose(validation_of({"x", "y"}, kJapanese));
  CHECK(choice.best == "chrf");
  CHECK(choice.early_stopping == "chrf");
  CHECK(said ==
        "validation: the references are written without spaces between words (22.0 characters per word of BLEU's tokeniser 13a), so BLEU "
        "says little; chrF decides instead\n");
  const auto usual = choose(validation_of({"x", "y"}, kGerman));
  CHECK(usual.choice.best == "bleu");
  CHECK(usual.said == "");

  TrainConfig config;
  config.best_metric = "bleu";
  const auto asked = choose(validation_of({"x", "y"}, kJapanese), config);
  CHECK(asked.choice.best == "bleu");
  CHECK_THAT(asked.said, ContainsSubstring("so BLEU says little; train.best_metric or train.early_stopping names it: 'chrf' or 'auto' "
                                           "suits this text"));
}

TEST_CASE("blank validation text is no measure: the loss judges, or the metric that was named is refused") {
  const auto blank = validation_of({"x", "y"}, {" ", "\u200b"});
  const auto [choice, said] = choose(blank);
  CHECK(choice.best == "loss");
  CHECK(said == "validation: all 2 references are blank, so translations cannot be scored; the loss decides instead\n");
  TrainConfig config;
  config.best_metric = "chrf";
  REQUIRE_THROWS_WITH(choose(blank, config),
                      "train.best_metric: 'chrf' has nothing to measure: all 2 validation references are blank; use 'loss', or other text "
                      "in data.valid");
  const auto no_source = choose(validation_of({"", " "}, kGerman));
  CHECK(no_source.choice.best == "loss");
  CHECK(no_source.said == "validation: all 2 sources are blank, so the score of outputs says nothing; the loss decides instead\n");
  // Only what is decoded counts.
  config = {};
  config.valid_decode.sentences = 1;
  CHECK(choose(validation_of({"x", "y"}, {"", "text"}), config).choice.best == "loss");
}

TEST_CASE("auto is the loss where nothing is decoded, and the accuracy of a classifier") {
  TrainConfig config;
  config.valid_decode.beam = 0;
  CHECK(choose(validation_of({"x"}, kJapanese), config).choice.best == "loss");
  CHECK(choose(validation_of({"x"}, {"sport"}), {}, true).choice.best == "accuracy");
  config = {};
  config.best_metric = "loss";
  CHECK(choose(validation_of({"x"}, kGerman), config).choice.early_stopping == "loss");
  config.early_stopping.metric = "bleu";
  CHECK(choose(validation_of({"x"}, kGerman), config).choice.early_stopping == "bleu");
}

}  // namespace attnzoo::test
