#include "data/sources.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;
using nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

SourceConfig config_of(const json& fields) { return SourceConfig::from_json(fields, "data.train", "/text"); }

Pairs read_pairs(const SourceConfig& config, InvalidUtf8 policy = InvalidUtf8::kError) {
  PairReader reader(config, policy);
  Pairs pairs;
  TextPair pair;
  while (reader.next(pair)) {
    pairs.emplace_back(pair.source, pair.target);
    CHECK(pair.line == static_cast<int64_t>(pairs.size()));
  }
  return pairs;
}

}  // namespace

TEST_CASE("the three forms of text are configured, with paths relative to the recipe") {
  const SourceConfig files = config_of({{"source", "train.en"}, {"target", {"../a.de", "/abs/b.de"}}});
  CHECK(files.source == std::vector<std::string>{"/text/train.en"});
  CHECK(files.target == std::vector<std::string>{"/a.de", "/abs/b.de"});
  CHECK(files.name() == "/text/train.en and /a.de (and 1 more)");
  const SourceConfig tsv = config_of({{"tsv", "-"}, {"source_column", 2}});
  CHECK(tsv.tsv == std::vector<std::string>{"-"});
  CHECK(tsv.source_column == 2);
  CHECK(config_of(json::object()).empty());
  for (const SourceConfig& config : {files, tsv, config_of({{"jsonl", "x"}, {"source_field", "en"}})}) {
    CHECK(SourceConfig::from_json(config.to_json(), "data.train", "/elsewhere").to_json() == config.to_json());
  }
}

TEST_CASE("a configuration of text that is none or ambiguous is refused") {
  CHECK_THROWS_WITH(config_of({{"source", "a"}}), Equals("data.train: 'source' without 'target'; two parallel files are needed"));
  CHECK_THROWS_WITH(config_of({{"target", "a"}}), Equals("data.train: 'target' without 'source'; two parallel files are needed"));
  CHECK_THROWS_WITH(config_of({{"source", "a"}, {"target", "b"}, {"tsv", "c"}}),
                    Equals("data.train: more than one form of text; give 'source' and 'target', or 'tsv', or 'jsonl', or 'text'"));
  CHECK_THROWS_WITH(config_of({{"source", "-"}, {"target", "-"}}), Equals("data.train: standard input ('-') can be read only once"));
  CHECK_THROWS_WITH(config_of({{"tsv", ""}, {"source_column", -1}}),
                    Equals("data.train.tsv: names no file; data.train.source_column: must be 0 or more, got -1"));
  CHECK_THROWS_WITH(config_of({{"source", "a"}, {"target", "b"}, {"source_field", "en"}}),
                    Equals("data.train.source_field, target_field: need a file in 'jsonl'"));
  CHECK_THROWS_WITH(config_of({{"sorce", "a"}}),
                    ContainsSubstring("data.train.sorce: unknown key, did you mean 'source'?; known keys: jsonl, "));
  CHECK_THROWS_WITH(config_of({{"tsv", 3}}), Equals("data.train.tsv: must be a string or a list of strings, got the number 3"));
  CHECK_THROWS_WITH(PairReader(SourceConfig(), InvalidUtf8::kError), ContainsSubstring("no text is given"));
}

TEST_CASE("two parallel files give their lines in pairs, several files a side are one") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.source = {folder.file("a.en", "one\ntwo"), folder.file("b.en", "three\r\n\n")};
  config.target = {folder.file("all.de", "eins\nzwei\n\nvier\n")};
  CHECK(read_pairs(config) == Pairs{{"one", "eins"}, {"two", "zwei"}, {"three", ""}, {"", "vier"}});
  PairReader reader(config, InvalidUtf8::kError);
  TextPair pair;
  for (int i = 0; i < 3; ++i) REQUIRE(reader.next(pair));
  CHECK(pair.place() == config.source[1] + ":1");
}

TEST_CASE("sides of unequal length are refused with both full counts") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.source = {folder.file("train.en", "1\n2\n3\n")};
  config.target = {folder.file("train.de", "1\n2\n3\n4\n5\n6")};
  const std::string message = config.source[0] + " has 3 lines and " + config.target[0] + " 6; a parallel corpus needs equal counts";
  CHECK_THROWS_WITH(read_pairs(config), Equals(message));
  std::swap(config.source, config.target);
  CHECK_THROWS_WITH(read_pairs(config), ContainsSubstring("train.de has 6 lines and ") && ContainsSubstring("train.en 3; "));
}

TEST_CASE("bad UTF-8 on either side is refused with the file of that side, or replaced and marked") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.source = {folder.file("a.en", "x\ny\n")};
  config.target = {folder.file("a.de", "x\n\xFF\n")};
  CHECK_THROWS_WITH(read_pairs(config), ContainsSubstring("a.de:2: not valid UTF-8 at byte 1"));
  PairReader reader(config, InvalidUtf8::kReplace);
  TextPair pair;
  REQUIRE(reader.next(pair));
  CHECK_FALSE(pair.invalid_utf8);
  REQUIRE(reader.next(pair));
  CHECK(pair.invalid_utf8);
  CHECK(pair.target == "\xEF\xBF\xBD");
}

TEST_CASE("columns of a TSV file are read, and a line with too few is named") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.tsv = {folder.file("x.tsv", "7\teins\tone\n8\t\ttwo\r\n9\tdrei\n")};
  config.source_column = 2;
  CHECK_THROWS_WITH(read_pairs(config),
                    Equals(config.tsv[0] + ":3: has 2 columns, but column 2 is asked for (columns are separated by tabs and "
                                           "counted from 0)"));
  config.source_column = 0;
  CHECK(read_pairs(config) == Pairs{{"7", "eins"}, {"8", ""}, {"9", "drei"}});
}

TEST_CASE("fields of JSON lines are read, nested ones by their path, and stay one line") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.jsonl = {folder.file("x.jsonl", R"({"source": "a\nb", "target": "\u00e4"})"
                                         "\n"
                                         R"({"source": "", "target": "c", "id": 3})")};
  CHECK(read_pairs(config) == Pairs{{"a b", "\xC3\xA4"}, {"", "c"}});
  config.jsonl = {folder.file("y.jsonl", R"({"translation": {"en": "a", "de": "b"}})")};
  config.source_field = "translation.en";
  config.target_field = "translation.de";
  CHECK(read_pairs(config) == Pairs{{"a", "b"}});
  config.jsonl = {folder.file("z.jsonl", "{\"s\": 4.5, \"t\": -3}\n{\"s\": true, \"t\": 12}\n")};
  config.source_field = "s";
  config.target_field = "t";
  CHECK(read_pairs(config) == Pairs{{"4.5", "-3"}, {"true", "12"}});
}

TEST_CASE("a broken JSON line is named with its place") {
  const TemporaryDirectory folder;
  const auto message_of = [&](const std::string& line) {
    SourceConfig config;
    config.jsonl = {folder.file("x.jsonl", "{\"source\": \"a\", \"target\": \"b\"}\n" + line + "\n")};
    try {
      read_pairs(config);
    } catch (const DataError& error) {
      return std::string(error.what()).substr(config.jsonl[0].size());
    }
    return std::string("no error");
  };
  CHECK(message_of("{\"source\": ") == ":2: not valid JSON at byte 12; each line must be one object");
  CHECK(message_of("") == ":2: not valid JSON at byte 1; each line must be one object");
  CHECK(message_of("[1]") == ":2: must be a JSON object, got array");
  CHECK(message_of(R"({"source": "a", "de": "b"})") == ":2: has no field 'target'; its fields: de, source");
  CHECK(message_of(R"({"source": null, "target": "b"})") == ":2: the field 'source' must be a string, got null");
}

TEST_CASE("a file of the list that is missing is found before anything is read") {
  const TemporaryDirectory folder;
  SourceConfig config;
  config.source = {folder.file("a", "x\n"), (folder / "none").string()};
  config.target = {folder.file("b", "x\n")};
  CHECK_THROWS_WITH(PairReader(config, InvalidUtf8::kError), Equals((folder / "none").string() + ": no such file"));
}
