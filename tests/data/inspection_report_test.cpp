// The data of the page of attnzoo-data inspect, on small texts whose answers are known.
#include "data/inspection_report.h"

#include "data/error.h"
#include "tests/data/prepare_fixture.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::Fixture;
using nlohmann::json;

namespace {

json report_of(const Fixture& fixture, Task task = Task::kTranslation, int64_t num_samples = 2) {
  const auto config = DataConfig::from_json(fixture.fields, fixture.folder.path(), task);
  const auto data = prepare_data(config, fixture.cache(), {}, {});
  return inspection_report(inspect_data(data, config, num_samples), data, config, "r.json");
}

json reason_named(const json& cleaning, const std::string& name) {
  for (const auto& reason : cleaning["reasons"])
    if (reason["name"] == name) return reason;
  return nullptr;
}

}  // namespace

TEST_CASE("a report has what cleaning dropped, with the file, the line and the text of examples") {
  Fixture fixture;
  std::string source, target;
  for (int i = 0; i < 30; ++i) {
    source += i == 7 ? "\n" : i == 9 ? "one two three four five\n" : i == 11 ? "same\n" : "a dog\n";
    target += i == 9 ? "eins\n" : "ein Hund\n";
  }
  fixture.folder.file("train.en", source);
  fixture.folder.file("train.de", target);
  fixture.fields["tokenizer"] = {{"kind", "words"}};
  fixture.fields["clean"] = {{"duplicates", "drop"}, {"ratio", "drop"}, {"max_length_ratio", 3}, {"too_long", "truncate"}};
  const auto report = report_of(fixture);
  const auto& cleaning = report["cleaning"]["train"];
  CHECK(cleaning["num_read"] == 30);
  CHECK(cleaning["num_kept"] == 2);
  const auto empty = reason_named(cleaning, "empty side");
  CHECK(empty["num_pairs"] == 1);
  const std::string file = (fixture.folder / "train.en").string();
  CHECK(empty["examples"] == json::array({{{"file", file}, {"line", 8}, {"source", ""}, {"target", "ein Hund"}}}));
  CHECK(reason_named(cleaning, "length ratio > 3")["examples"] ==
        json::array({{{"file", file}, {"line", 10}, {"source", "one two three four five"}, {"target", "eins"}}}));
  // 26 repetitions, of which five are shown in their order.
  const auto repeated = reason_named(cleaning, "duplicate");
  CHECK(repeated["num_pairs"] == 26);
  REQUIRE(repeated["examples"].size() == 5);
  for (size_t i = 1; i < 5; ++i) CHECK(repeated["examples"][i - 1]["line"] < repeated["examples"][i]["line"]);
  CHECK(report["pairs"]["train"] == 2);
}

TEST_CASE("a report counts lengths, ratios, pieces, and characters that the vocabulary lacks") {
  Fixture fixture;
  fixture.folder.file("train.en", "a b c\na b\na\nz \xC3\xA9t\xC3\xA9\n");
  fixture.folder.file("train.de", "a b c\na b c d\na b c d e\na\n");
  fixture.fields["tokenizer"] = {{"kind", "words"}, {"vocabulary_size", 8}};
  const auto report = report_of(fixture);
  CHECK(report["lengths"]["source"]["median"] == 2);
  CHECK(report["lengths"]["target"]["longest"] == 5);
  int64_t num_lines = 0;
  for (const auto& bin : report["lengths"]["target"]["bins"]) num_lines += bin["count"].get<int64_t>();
  CHECK(num_lines == 4);
  CHECK(report["ratios"]["counts"] == json({0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1}));  // 1/2, 1, 2, 5
  CHECK(report["ratios"]["above"][0] == json({{"ratio", 1.5}, {"pairs", 3}}));
  CHECK(report["ratios"]["above"][3] == json({{"ratio", 4.0}, {"pairs", 1}}));
  CHECK(report["pieces"]["target"][0] == json({{"piece", "a"}, {"count", 4}}));
  CHECK(report["missing"]["source"]["unknown"]["most_frequent"].size() == 2);
  CHECK(report["coverage"][0]["unknown"] == 2);
  CHECK_FALSE(report.contains("misaligned"));  // too few pairs
  CHECK(report["samples"][0]["source"] == json({{"count", 3}, {"pieces", {"a", "b", "c"}}}));
}

TEST_CASE("characters without a piece are named in a report, though they were written as bytes") {
  Fixture fixture;
  std::string text;
  for (int i = 0; i < 400; ++i) text += i == 5 ? "\xE2\x82\xAC dog\n" : "the dog number runs home\n";
  fixture.folder.file("train.en", text);
  fixture.folder.file("train.de", text);
  fixture.fields["tokenizer"] = {{"kind", "sentencepiece-bpe"}, {"vocabulary_size", 300}, {"character_coverage", 0.999}};
  const auto report = report_of(fixture);
  CHECK(report["missing"]["source"]["as_bytes"]["most_frequent"] == json::array({{{"text", "\xE2\x82\xAC"}, {"count", 1}}}));
  CHECK(report["coverage"][0]["bytes"] == 3);
}

TEST_CASE("a report of labelled texts has labels with counts, and no target side") {
  Fixture fixture;
  fixture.folder.file("train.en", "a b\nc\nd e f\n");
  fixture.folder.file("train.de", "good\nbad\ngood\n");
  fixture.folder.file("valid.en", "a\nb\n");
  fixture.folder.file("valid.de", "bad\nugly\n");
  const auto report = report_of(fixture, Task::kClassification);
  CHECK(report["labels"]["rows"] ==
        json::array({{{"label", "good"}, {"train", 2}, {"valid", 0}}, {{"label", "bad"}, {"train", 1}, {"valid", 1}}}));
  CHECK(report["labels"]["unknown_in_valid"] == 1);
  CHECK(report["lengths"].contains("source"));
  for (const char* part : {"lengths", "pieces", "missing", "round_trip"}) CHECK_FALSE(report[part].contains("target"));
  CHECK_FALSE(report.contains("ratios"));
  CHECK_FALSE(report.contains("misaligned"));
}

TEST_CASE("a report of running text has no source side") {
  Fixture fixture;
  fixture.fields["train"] = {{"text", "train.en"}};
  fixture.fields["valid"] = {{"text", "valid.en"}};
  fixture.folder.file("train.en", "a dog\n\na dog\nseen\n");
  fixture.folder.file("valid.en", "seen\nnew\n");
  const auto report = report_of(fixture, Task::kLanguageModel);
  CHECK(report["task"] == "language-model");
  CHECK(report["lengths"]["target"]["lines"] == 3);
  for (const char* part : {"lengths", "pieces", "missing", "round_trip"}) CHECK_FALSE(report[part].contains("source"));
  CHECK(report["seen_in_training"] == 1);
  CHECK(report["cleaning"]["train"]["reasons"][1]["examples"][0]["line"] == 2);
  CHECK_FALSE(report["cleaning"]["train"]["reasons"][1]["examples"][0].contains("source"));
  CHECK_FALSE(report["samples"][0].contains("source"));
  // The text of the program neither.
  const auto config = DataConfig::from_json(fixture.fields, fixture.folder.path(), Task::kLanguageModel);
  const auto data = prepare_data(config, fixture.cache(), {}, {});
  const auto text = inspection_text(inspect_data(data, config, 1), data, config);
  CHECK_THAT(text, ContainsSubstring("valid: 1 line is in the training text too (50.00%)") && !ContainsSubstring("ource"));
}

TEST_CASE("a report has the lines that come back changed, with the place and the character") {
  Fixture fixture;
  fixture.folder.file("train.en", "5 m\xC2\xB2\nplain\n");
  fixture.folder.file("train.de", "eins\nzwei  drei\n");
  fixture.fields["tokenizer"] = {{"kind", "sentencepiece-bpe"}, {"vocabulary_size", 300}, {"normalization", "nfkc"}};
  const auto report = report_of(fixture);
  CHECK(report["round_trip"]["source"]["changed"] == 1);
  CHECK(report["round_trip"]["source"]["examples"][0] == json({{"place", (fixture.folder / "train.en").string() + ":1"},
                                                               {"before", "5 m\xC2\xB2"},
                                                               {"after", "5 m2"},
                                                               {"character", "U+00B2"},
                                                               {"change", "text"}}));
  CHECK(report["round_trip"]["target"]["examples"][0]["change"] == "white space");
}

TEST_CASE("a report stays small and its texts short, whatever is in a corpus") {
  Fixture fixture;
  std::string source, target;
  for (int i = 0; i < 3000; ++i) {
    source += fmt::format("word{} {}\n", i, std::string(i % 50 == 0 ? 20000 : 10, 'x'));
    target += fmt::format("wort{} {}\n", 3000 - i, i % 3 == 0 ? "" : std::string(3000, 'y'));
  }
  fixture.folder.file("train.en", source);
  fixture.folder.file("train.de", target);
  fixture.fields["clean"] = {{"ratio", "drop"}};
  const auto report = report_of(fixture, Task::kTranslation, 1000);
  CHECK(report.dump().size() < 150'000);
  CHECK(report["samples"].size() == 20);
  const std::string example = report["cleaning"]["train"]["reasons"][3]["examples"][0]["target"];
  CHECK(example.size() == 300);
}

TEST_CASE("a text that changed after it was prepared is not reported on") {
  Fixture fixture;
  const auto config = DataConfig::from_json(fixture.fields, fixture.folder.path());
  const auto data = prepare_data(config, fixture.cache(), {}, {});
  const auto inspection = inspect_data(data, config, 0);
  fixture.write_text("train.en", 201, "the dog number {} runs");
  fixture.write_text("train.de", 201, "der Hund Nummer {} rennt");
  CHECK_THROWS_WITH(inspection_report(inspection, data, config, "r.json"),
                    ContainsSubstring("train.de: changed while it was being read; start again"));
}

TEST_CASE("FILE.json gets a report's data, any other name its page") {
  const json document = {{"name", "r<b>"}, {"text", "a"}};
  CHECK(json::parse(inspection_content("a.json", document)) == document);
  CHECK_THAT(inspection_content("a.html", document), ContainsSubstring("<title>r&lt;b&gt;: data</title>"));
}

TEST_CASE("pairs that are not translated are counted, with examples") {
  Fixture fixture;
  std::string source, target;
  for (int i = 0; i < 300; ++i) {
    source += fmt::format("the dog number {}\n", i);
    target += i == 100 ? "the dog number 100\n" : fmt::format("der Hund Nummer {}\n", i);
  }
  fixture.folder.file("train.en", source + "same words\n");
  fixture.folder.file("train.de", target + "same words\n");  // too few to tell
  const auto equal = report_of(fixture)["misaligned"]["equal"];
  CHECK(equal["pairs"] == 1);
  CHECK(equal["examples"][0]["line"] == 101);
}
