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

// How messages begin for a file of the folder.
std::string message_of(const SourceConfig& config, InvalidUtf8 policy = InvalidUtf8::kError) {
  try {
    read_pairs(config, policy);
  } catch (const DataError& error) {
    return std::string(error.what()).substr(config.files().front().size());
  }
  return "no error";
}

}  // namespace

TEST_CASE("every form of text is configured, with paths relative to the recipe, and written as it was read") {
  const SourceConfig files = config_of({{"source", "train.en"}, {"target", {"../a.de", "/abs/b.de"}}});
  CHECK(files.files() == FileList{"/text/train.en", "/a.de", "/abs/b.de"});
  CHECK(files.name() == "/text/train.en and /a.de (and 1 more)");
  CHECK(files.to_json() == json{{"source", "/text/train.en"}, {"target", {"/a.de", "/abs/b.de"}}});
  CHECK(files.has_pairs());
  const SourceConfig tsv = config_of({{"tsv", "-"}, {"source_column", 2}});
  CHECK(tsv.to_json() == json{{"tsv", "-"}, {"source_column", 2}, {"target_column", 1}});
  CHECK(tsv.name() == "standard input");
  const SourceConfig jsonl = config_of({{"jsonl", "x"}, {"source_field", "en"}});
  CHECK(jsonl.to_json() == json{{"jsonl", "/text/x"}, {"source_field", "en"}, {"target_field", "target"}});
  const SourceConfig text = config_of({{"text", {"a", "b"}}});
  CHECK(text.to_json() == json{{"text", {"/text/a", "/text/b"}}});
  CHECK_FALSE(text.has_pairs());
  CHECK(config_of(json::object()).empty());
  CHECK(config_of(json::object()).name() == "no files");
  for (const SourceConfig& config : {files, tsv, jsonl, text})
    CHECK(SourceConfig::from_json(config.to_json(), "data.train", "/elsewhere").to_json() == config.to_json());
  CHECK(SourceConfig::file_keys() == FileList{"source", "target", "tsv", "jsonl", "text"});
}

TEST_CASE("a configuration of text that is none or ambiguous is refused") {
  CHECK_THROWS_WITH(config_of({{"source", "a"}}), Equals("data.train: 'source' without 'target'; both are needed"));
  CHECK_THROWS_WITH(config_of({{"target", "a"}}), Equals("data.train: 'target' without 'source'; both are needed"));
  CHECK_THROWS_WITH(config_of({{"source", "a"}, {"target", "b"}, {"tsv", "c"}}),
                    Equals("data.train: more than one form of text; give 'source' and 'target', or 'tsv', or 'jsonl', or 'text'"));
  CHECK_THROWS_WITH(config_of({{"source", "-"}, {"target", "-"}}), Equals("data.train: standard input ('-') can be read only once"));
  CHECK_THROWS_WITH(config_of({{"tsv", ""}, {"source_column", -1}}),
                    Equals("data.train.tsv: names no file; data.train.source_column: must be 0 or more, got -1"));
  CHECK_THROWS_WITH(config_of({{"text", {"a", ""}}}), Equals("data.train.text: names no file"));
  CHECK_THROWS_WITH(config_of({{"source", "a"}, {"target", "b"}, {"source_field", "en"}}),
                    Equals("data.train.source_field: needs a file in 'jsonl'"));
  CHECK_THROWS_WITH(config_of({{"sorce", "a"}}),
                    ContainsSubstring("data.train.sorce: unknown key (did you mean 'source'?); known keys: jsonl, "));
  CHECK_THROWS_WITH(config_of({{"tsv", 3}}), Equals("data.train.tsv: must be a string or a list of strings, got the number 3"));
  CHECK_THROWS_WITH(PairReader(SourceConfig(), InvalidUtf8::kError),
                    Equals("no text is given; name 'source' and 'target', or 'tsv', or 'jsonl', or 'text'"));
}

TEST_CASE("a recipe in a folder whose name is not UTF-8 is refused, since no configuration can store its paths") {
  CHECK_THROWS_WITH(
      SourceConfig::from_json({{"text", "a.txt"}}, "data.train", "/caf\xE9"),
      Equals("data.train.text: '/caf\xEF\xBF\xBD/a.txt' is not valid UTF-8 at byte 5, so it cannot be stored in a configuration; "
             "rename the file or folder"));
}

TEST_CASE("two parallel files give their lines in pairs, several files a side are one") {
  const TemporaryDirectory folder;
  const SourceConfig config{ParallelFiles{{folder.file("a.en", "one\ntwo"), folder.file("b.en", "three\r\n\n")},
                                          {folder.file("all.de", "eins\nzwei\n\nvier\n")}}};
  CHECK(read_pairs(config) == Pairs{{"one", "eins"}, {"two", "zwei"}, {"three", ""}, {"", "vier"}});
  PairReader reader(config, InvalidUtf8::kError);
  TextPair pair;
  for (int i = 0; i < 3; ++i) REQUIRE(reader.next(pair));
  CHECK(pair.place() == config.files()[1] + ":1");
}

TEST_CASE("sides of unequal length are refused with both full counts") {
  const TemporaryDirectory folder;
  const auto three = folder.file("train.en", "1\n2\n3\n"), six = folder.file("train.de", "1\n2\n3\n4\n5\n6");
  CHECK_THROWS_WITH(read_pairs({ParallelFiles{{three}, {six}}}),
                    Equals(three + " has 3 lines and " + six + " 6; a parallel corpus needs equal counts"));
  CHECK_THROWS_WITH(read_pairs({ParallelFiles{{six}, {three}}}),
                    Equals(six + " has 6 lines and " + three + " 3; a parallel corpus needs equal counts"));
}

TEST_CASE("bad UTF-8 on either side is refused with the file of that side, or replaced and marked") {
  const TemporaryDirectory folder;
  const SourceConfig config{ParallelFiles{{folder.file("a.en", "x\ny\n")}, {folder.file("a.de", "x\n\xFF\n")}}};
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
  TsvFiles tsv{{folder.file("x.tsv", "7\teins\tone\n8\t\ttwo\r\n9\tdrei\n")}, 2};
  CHECK(message_of({tsv}) == ":3: has 2 columns, but column 2 is needed (columns are separated by tabs and counted from 0)");
  tsv.source_column = 0;
  CHECK(read_pairs({tsv}) == Pairs{{"7", "eins"}, {"8", ""}, {"9", "drei"}});
}

TEST_CASE("running text is read as pairs of a line with itself") {
  const TemporaryDirectory folder;
  CHECK(read_pairs({RunningText{{folder.file("a", "one\n"), folder.file("b", "two")}}}) == Pairs{{"one", "one"}, {"two", "two"}});
}

TEST_CASE("fields of JSON lines are read, nested ones by their path, and stay one line") {
  const TemporaryDirectory folder;
  const auto plain = folder.file("x.jsonl", R"({"source": "a\nb", "target": "\u00e4"})"
                                            "\n"
                                            R"({"source": "", "target": 12, "id": 3})"
                                            "\n"
                                            R"({"source": -0.5, "target": true})");
  CHECK(read_pairs({JsonlFiles{{plain}}}) == Pairs{{"a b", "\xC3\xA4"}, {"", "12"}, {"-0.5", "true"}});
  const auto nested = folder.file("y.jsonl", R"({"translation": {"en": "a", "de": "b"}})");
  CHECK(read_pairs({JsonlFiles{{nested}, "translation.en", "translation.de"}}) == Pairs{{"a", "b"}});
}

TEST_CASE("a broken JSON line is named with its place and its fault") {
  const TemporaryDirectory folder;
  const auto message = [&](const std::string& line) {
    return message_of({JsonlFiles{{folder.file("x.jsonl", "{\"source\": \"a\", \"target\": \"b\"}\n" + line + "\n")}}});
  };
  CHECK(message("{\"source\": ") == ":2: not valid JSON at byte 12; each line must be one object");
  for (const char* blank : {"", " \t", "\xEF\xBB\xBF", "\xC2\xA0\xE2\x80\x8B"})
    CHECK(message(blank) == ":2: is blank; each line must be one JSON object, so remove blank lines");
  CHECK(message("[1]") == ":2: must be a JSON object, got array");
  CHECK(message(R"({"source": "a", "de": "b"})") == ":2: has no field 'target'; its fields: de, source");
  CHECK(message(R"({"source": null, "target": "b"})") == ":2: the field 'source' must be a string, got null");
  CHECK(message(R"({"source": "a", "target": "b", "source": "c"})") ==
        ":2: the key 'source' is given twice in one object; remove one of them");
  CHECK(message(R"({"source": "a", "target": "b", "rank": 1e400})") == ":2: the number 1e400 is too large; the largest is 1.8e308");
  CHECK(message("{\"source\": " + std::string(100000, '[')) == ":2: nested more than 100 levels deep");
  CHECK(message(std::string("{\"source\": \"a\"}\0", 16)) == ":2: byte 16 is NUL, which JSON cannot hold; is this a text file?");
}

TEST_CASE("half a surrogate pair in JSON lines falls under the policy for invalid UTF-8") {
  const TemporaryDirectory folder;
  const auto file = folder.file("x.jsonl", R"({"source": "a \ud83d\ude00 \\ud800", "target": "b"})"
                                           "\n"
                                           R"({"source": "a\ud83d", "target": "\uDE00\ud83d\u0041"})"
                                           "\n");
  const SourceConfig config{JsonlFiles{{file}}};
  CHECK(message_of(config) ==
        ":2: not valid Unicode: \\ud83d at byte 14 is half of a surrogate pair; correct the file, or accept it with "
        "--invalid-utf8 replace (in a recipe: data.clean.invalid_utf8)");
  PairReader reader(config, InvalidUtf8::kReplace);
  TextPair pair;
  REQUIRE(reader.next(pair));
  CHECK(pair.source == "a \xF0\x9F\x98\x80 \\ud800");
  CHECK_FALSE(pair.invalid_utf8);
  REQUIRE(reader.next(pair));
  CHECK(pair.source == "a\xEF\xBF\xBD");
  CHECK(pair.target ==
        "\xEF\xBF\xBD\xEF\xBF\xBD"
        "A");
  CHECK(pair.invalid_utf8);
}

TEST_CASE("a file of the list that is missing is found before anything is read") {
  const TemporaryDirectory folder;
  const auto missing = (folder / "none").string();
  const SourceConfig config{ParallelFiles{{folder.file("a", "x\n"), missing}, {folder.file("b", "x\n")}}};
  CHECK_THROWS_WITH(PairReader(config, InvalidUtf8::kError), Equals(missing + ": no such file"));
}
