#include "data/cleaning.h"

#include <nlohmann/json.hpp>

#include "data/error.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using nlohmann::json;
using Ids = std::vector<int32_t>;

namespace {

TextPair pair_of(const std::string& source, const std::string& target, int64_t line = 1) {
  TextPair pair;
  pair.source = source;
  pair.target = target;
  pair.line = pair.file_line = line;
  pair.file = "train.en";
  return pair;
}

Ids ids(size_t count) { return Ids(count, 7); }

}  // namespace

TEST_CASE("each reason drops, keeps or stops as its policy says, and is counted with an example") {
  CleaningConfig config;
  config.duplicates = "drop";
  config.ratio = "drop";
  config.max_source_length = config.max_target_length = 10;
  config.max_length_ratio = 3;
  PairCleaner cleaner(config);
  const auto keep = [&](const TextPair& pair, size_t source, size_t target) {
    Ids source_ids = ids(source), target_ids = ids(target);
    return cleaner.keep_text(pair) && cleaner.keep_ids(pair, source_ids, target_ids);
  };
  CHECK(keep(pair_of("a", "b", 1), 1, 1));
  CHECK_FALSE(keep(pair_of("a", "b", 2), 1, 1));
  CHECK(keep(pair_of("b", "a", 3), 1, 1));
  CHECK_FALSE(keep(pair_of("", "x", 4), 0, 1));
  CHECK_FALSE(keep(pair_of("x", " \t", 5), 1, 0));
  CHECK_FALSE(keep(pair_of("\xC2\xAD", "y", 6), 0, 1));  // nothing is left of it after tokenising
  CHECK_FALSE(keep(pair_of("long", "x", 7), 11, 10));
  CHECK(keep(pair_of("limit", "x", 8), 10, 10));
  CHECK_FALSE(keep(pair_of("ratio", "x", 9), 2, 7));
  CHECK(keep(pair_of("ratio", "y", 10), 2, 6));
  const CleaningReport& report = cleaner.report();
  CHECK(report.num_read == 10);
  CHECK(report.num_kept == 4);
  CHECK_THAT(report.text("train", "pair"), Equals("train: 10 pairs read, 4 kept\n"
                                                  "  empty side                   3 dropped   first: train.en:4:  ||| x\n"
                                                  "  duplicate                    1 dropped   first: train.en:2: a ||| b\n"
                                                  "  over 10/10 tokens            1 dropped   first: train.en:7: long ||| x\n"
                                                  "  length ratio > 3             1 dropped   first: train.en:9: ratio ||| x"));
  CHECK(CleaningReport::from_json(report.to_json()).text("train", "pair") == report.text("train", "pair"));
}

TEST_CASE("a side of nothing but invisible characters counts as empty") {
  CleaningConfig config;
  PairCleaner cleaner(config);
  for (const char* blank : {"\xC2\xAD", "\xE2\x81\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF", "\xE2\x80\x8B \xC2\xA0", "\x1B\x07"}) {
    CHECK_FALSE(cleaner.keep_text(pair_of(blank, "x")));
    CHECK_FALSE(cleaner.keep_text(pair_of("x", blank)));
  }
  CHECK(cleaner.report().reasons[1].name == "empty side");
  CHECK(cleaner.report().reasons[1].num_pairs == 12);
}

TEST_CASE("truncation cuts the side that is too long, and the pair stays") {
  CleaningConfig config;
  config.too_long = "truncate";
  config.max_source_length = 3;
  config.max_target_length = 5;
  PairCleaner cleaner(config);
  Ids source = {1, 2, 3, 4}, target = {5, 6, 7, 8};
  const TextPair pair = pair_of("a", "b");
  REQUIRE(cleaner.keep_text(pair));
  REQUIRE(cleaner.keep_ids(pair, source, target));
  CHECK(source == Ids{1, 2, 3});
  CHECK(target == Ids{5, 6, 7, 8});
  CHECK(cleaner.report().num_kept == 1);
  CHECK_THAT(cleaner.report().text("train", "pair"),
             ContainsSubstring("over 3/5 tokens              1 truncated first: train.en:1: a ||| b"));
}

TEST_CASE("the policy 'error' stops at the first pair with its place") {
  CleaningConfig config;
  config.empty = config.too_long = config.ratio = config.duplicates = "error";
  config.max_source_length = config.max_target_length = 4;
  config.max_length_ratio = 2;
  PairCleaner cleaner(config);
  Ids five = ids(5), one = ids(1), four = ids(4);
  CHECK_THROWS_WITH(cleaner.keep_text(pair_of("", "x", 3)), Equals("train.en:3: the source is empty; the policy for it is 'error'"));
  CHECK_THROWS_WITH(cleaner.keep_text(pair_of("x", "")), Equals("train.en:1: the target is empty; the policy for it is 'error'"));
  CHECK_THROWS_WITH(cleaner.keep_text(pair_of(" ", "")), Equals("train.en:1: both sides are empty; the policy for it is 'error'"));
  CHECK_THROWS_WITH(cleaner.keep_ids(pair_of("x", "y"), five, one),
                    Equals("train.en:1: 5 source and 1 target tokens; at most 4 and 4 are allowed; the policy for it is 'error'"));
  CHECK_THROWS_WITH(cleaner.keep_ids(pair_of("x", "y"), four, one),
                    Equals("train.en:1: 4 source and 1 target tokens; a ratio of at most 2 is allowed; the policy for it is 'error'"));
  CHECK(cleaner.keep_text(pair_of("same", "pair")));
  CHECK_THROWS_WITH(cleaner.keep_text(pair_of("same", "pair", 9)),
                    Equals("train.en:9: the same pair is in an earlier line; the policy for it is 'error'"));
}

TEST_CASE("text that was repaired is dropped or counted as replaced") {
  TextPair pair = pair_of("\xEF\xBF\xBD", "x");
  pair.invalid_utf8 = true;
  CleaningConfig config;
  CHECK(config.reading_policy() == InvalidUtf8::kError);
  config.invalid_utf8 = "drop";
  CHECK(config.reading_policy() == InvalidUtf8::kReplace);
  CHECK_FALSE(PairCleaner(config).keep_text(pair));
  config.invalid_utf8 = "replace";
  PairCleaner cleaner(config);
  CHECK(cleaner.keep_text(pair));
  CHECK_THAT(cleaner.report().text("train", "pair"), ContainsSubstring("not UTF-8                    1 replaced"));
}

TEST_CASE("a pair and its mirror image, or text moved across the border, are no duplicates, among many pairs") {
  CleaningConfig config;
  config.duplicates = "drop";
  PairCleaner cleaner(config);
  const auto numbered = [](const char* letter, int i) { return fmt::format("{}{}", letter, i); };
  bool all_kept = true;
  for (int i = 0; i < 20000; ++i) all_kept = all_kept && cleaner.keep_text(pair_of(numbered("s", i), numbered("t", i)));
  CHECK(all_kept);
  for (int i = 0; i < 20000; i += 100) {
    CHECK_FALSE(cleaner.keep_text(pair_of(numbered("s", i), numbered("t", i))));
    CHECK(cleaner.keep_text(pair_of(numbered("t", i), numbered("s", i))));
    CHECK(cleaner.keep_text(pair_of("s", fmt::format("{}t{}", i, i))));
  }
}

TEST_CASE("validation text loses no line: what would be dropped is kept, truncated or repaired") {
  CleaningConfig config;
  config.ratio = config.duplicates = config.invalid_utf8 = "drop";
  const CleaningConfig valid = config.for_validation();
  CHECK(valid.empty == "keep");
  CHECK(valid.too_long == "truncate");
  CHECK(valid.ratio == "keep");
  CHECK(valid.duplicates == "keep");
  CHECK(valid.invalid_utf8 == "replace");
  config.too_long = config.empty = "error";
  CHECK(config.for_validation().too_long == "error");
  CHECK(config.for_validation().empty == "error");
  PairCleaner cleaner(valid);
  Ids none, one = ids(1);
  REQUIRE(cleaner.keep_text(pair_of("", "x")));
  CHECK(cleaner.keep_ids(pair_of("", "x"), none, one));
  CHECK(cleaner.report().reasons[1].num_pairs == 1);  // counted once, by the text
}

TEST_CASE("cleaning is configured with every problem named") {
  const CleaningConfig config = CleaningConfig::from_json({{"too_long", "truncate"}, {"max_source_length", 99}, {"max_length_ratio", 2}});
  CHECK(config.too_long == "truncate");
  CHECK(config.max_source_length == 99);
  CHECK(CleaningConfig::from_json(config.to_json()).to_json() == config.to_json());
  CHECK_THROWS_WITH(
      CleaningConfig::from_json({{"empty", "truncate"}, {"max_target_length", 0}, {"max_length_ratio", 0.5}, {"dups", "drop"}}),
      ContainsSubstring("data.clean.empty: unknown value 'truncate'; accepted: keep, drop, error; "
                        "data.clean.max_target_length: must be 1 or more, got 0; "
                        "data.clean.max_length_ratio: must be 1 or more, got 0.5; data.clean.dups: unknown key"));
}
