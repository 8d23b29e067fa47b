#include "data/prepare.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "data/error.h"
#include "data/files.h"
#include "data/input_digest.h"
#include "data/special_tokens.h"
#include "tests/data/prepare_fixture.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::Fixture;
using attnzoo::test::TemporaryDirectory;
using nlohmann::json;

TEST_CASE("text becomes tokenisers, corpora in the order of the lines, and validation lines") {
  Fixture fixture;
  const PreparedData data = fixture.prepare();
  CHECK_FALSE(data.reused);
  REQUIRE(data.train->num_pairs() == 200);
  CHECK(fixture.source_of(data, 17) == "the dog number 17 runs");
  CHECK(data.tokenizers.target->decode(data.train->target(17)) == "der Hund Nummer 17 rennt");
  CHECK(data.train->line(17) == 18);
  REQUIRE(data.valid->num_pairs() == 5);
  CHECK(data.valid_source == std::vector<std::string>{"a cat 0", "a cat 1", "a cat 2", "a cat 3", "a cat 4"});
  CHECK(data.valid_target[4] == "eine Katze 4");
  CHECK(data.train_report.num_kept == 200);
  CHECK_THAT(fixture.log,
             ContainsSubstring("tokeniser: learning characters from 400 lines") && ContainsSubstring("train: 200 pairs read, 200 kept"));
}

TEST_CASE("what is prepared already is reused, wherever the text lies now") {
  Fixture fixture;
  const PreparedData first = fixture.prepare();
  std::filesystem::rename(fixture.folder / "train.en", fixture.folder / "moved.en");
  fixture.fields["train"]["source"] = "moved.en";
  const PreparedData second = fixture.prepare();
  CHECK(second.reused);
  CHECK(second.train->digest() == first.train->digest());
  CHECK(second.tokenizers.fingerprint() == first.tokenizers.fingerprint());
  CHECK(second.train_report.text("train", "pair") == first.train_report.text("train", "pair"));
  CHECK(second.valid_source == first.valid_source);
  CHECK_THAT(fixture.log, ContainsSubstring("train: 200 pairs reused from " + (fixture.cache() / "train.corpus").string()));
}

TEST_CASE("changed running text is noticed, in training and in validation") {
  const TemporaryDirectory folder;
  folder.file("train.txt", "one line\nanother line\n");
  folder.file("valid.txt", "valid line\n");
  const json fields = {{"train", {{"text", "train.txt"}}}, {"valid", {{"text", "valid.txt"}}}, {"tokenizer", {{"kind", "characters"}}}};
  const auto prepare = [&] {
    return prepare_data(DataConfig::from_json(fields, folder.path(), Task::kLanguageModel), folder / "cache", {}, nullptr);
  };
  prepare();
  CHECK(prepare().reused);
  folder.file("valid.txt", "first line\nsecond line\n");
  const auto changed_valid = prepare();
  CHECK(changed_valid.valid_source == std::vector<std::string>{"first line", "second line"});
  CHECK(changed_valid.valid->num_pairs() == 2);
  folder.file("train.txt", "in line\nanother line\n");
  const auto changed_train = prepare();
  CHECK_FALSE(changed_train.reused);
  CHECK(changed_train.tokenizers.target->decode(changed_train.train->target(0)) == "in line");
}

TEST_CASE("text from pipes is read once and prepared as from files, in every form") {
  const TemporaryDirectory folder;
  const auto with_pipe = [&](const std::string& name, const std::string& content, auto body) {
    const auto fifo = (folder / name).string();
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    std::thread writer([&] { std::ofstream(fifo) << content; });
    body();
    writer.join();
    std::filesystem::remove(fifo);
  };
  std::string log;
  const auto prepare = [&](const json& fields, Task task) {
    log.clear();
    return prepare_data(DataConfig::from_json(fields, folder.path(), task), folder / "cache", {},
                        [&](const std::string& line) { log += line + "\n"; });
  };
  const json characters = {{"kind", "characters"}};
  with_pipe("a", "x\ny\n", [&] {
    with_pipe("b", "X\nY\n", [&] {
      const auto data = prepare({{"train", {{"source", "a"}, {"target", "b"}}}, {"tokenizer", characters}}, Task::kTranslation);
      CHECK(data.train->num_pairs() == 2);
      CHECK(data.tokenizers.target->decode(data.train->target(1)) == "Y");
      CHECK_THAT(log, ContainsSubstring((folder / "a").string() + ": copied to a temporary file, since it can be read only once\n"));
      CHECK_THAT(log, ContainsSubstring("(2 pairs of " + (folder / "a").string() + " and " + (folder / "b").string() + ")"));
    });
  });
  with_pipe("c", "x\tX\n", [&] {
    with_pipe("d", "{\"source\": \"v\", \"target\": \"V\"}\n", [&] {
      const auto data = prepare({{"train", {{"tsv", "c"}}}, {"valid", {{"jsonl", "d"}}}, {"tokenizer", characters}}, Task::kTranslation);
      CHECK(data.valid_target == std::vector<std::string>{"V"});
    });
  });
  with_pipe("e", "x\n\xFF\n", [&] {
    CHECK_THROWS_WITH(prepare({{"train", {{"text", "e"}}}, {"tokenizer", characters}}, Task::kLanguageModel),
                      ContainsSubstring((folder / "e").string() + ":2: not valid UTF-8 at byte 1"));
  });
  REQUIRE(mkfifo((folder / "f").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(
      prepare({{"train", {{"source", "f"}, {"target", "f"}}}, {"tokenizer", characters}}, Task::kTranslation),
      Equals((folder / "f").string() + ": is a pipe or terminal, which can be read only once, but is named twice; give a file instead"));
  for (const auto& entry : std::filesystem::directory_iterator(folder / "cache")) {
    const auto name = entry.path().filename().string();
    INFO(name);
    CHECK((name.ends_with(".corpus") || name.ends_with(".tokenizer") || name == "prepared.json" || name == "lock"));
  }
}

TEST_CASE("changed text, cleaning or tokeniser make the parts that depend on them again, and say so") {
  Fixture fixture;
  fixture.prepare();
  SECTION("training text") {
    fixture.write_text("train.en", 200, "the cat number {} runs");
    const PreparedData data = fixture.prepare();
    CHECK_FALSE(data.reused);
    CHECK(fixture.source_of(data, 3) == "the cat number 3 runs");
    CHECK_THAT(fixture.log, ContainsSubstring("tokeniser: the text or the settings have changed; prepared again") &&
                                ContainsSubstring("train: the text or the settings have changed; prepared again"));
  }
  SECTION("validation text only") {
    fixture.write_text("valid.de", 5, "zwei Katzen {}");
    const PreparedData data = fixture.prepare();
    CHECK(data.valid_target[0] == "zwei Katzen 0");
    CHECK_THAT(fixture.log,
               ContainsSubstring("valid: the text or the settings have changed") && ContainsSubstring("train: 200 pairs reused"));
  }
  SECTION("cleaning") {
    fixture.fields["clean"] = {{"max_source_length", 21}};  // characters of "the dog number 5 runs"
    const PreparedData data = fixture.prepare();
    CHECK(data.train->num_pairs() == 10);
    CHECK(data.valid->num_pairs() == 5);
    CHECK_THAT(fixture.log, ContainsSubstring("tokeniser: reused"));
  }
  SECTION("tokeniser") {
    fixture.fields["tokenizer"]["kind"] = "words";
    const PreparedData data = fixture.prepare();
    CHECK(data.tokenizers.source->kind() == "words");
    CHECK(data.train->source(0).size() == 5);
  }
}

TEST_CASE("a damaged cache is noticed and made again") {
  Fixture fixture;
  const std::string digest = fixture.prepare().train->digest();
  const auto damage = [&](const std::string& name) {
    std::string content = read_file(fixture.cache() / name);
    content.resize(content.size() / 2);
    write_file(fixture.cache() / name, content);
    const PreparedData data = fixture.prepare();
    CHECK(data.train->digest() == digest);
    CHECK(data.train->num_pairs() == 200);
    CHECK_FALSE(data.reused);
    CHECK(fixture.prepare().reused);
  };
  damage("train.corpus");
  damage("valid.corpus");
  damage("source.tokenizer");
  damage("prepared.json");
  std::filesystem::remove(fixture.cache() / "train.corpus");
  CHECK_FALSE(fixture.prepare().reused);
}

TEST_CASE("given tokenisers are used instead of learning some") {
  Fixture fixture;
  const TokenizerPair given = fixture.prepare().tokenizers;
  Fixture other;
  other.write_text("train.en", 200, "{} xyz");
  const PreparedData data = other.prepare(given);
  CHECK(data.tokenizers.source == given.source);
  CHECK_FALSE(std::filesystem::exists(other.cache() / "source.tokenizer"));
  CHECK(other.prepare(given).reused);
}

TEST_CASE("pairs are cleaned in training text, and validation text keeps every line") {
  Fixture fixture;
  fixture.folder.file("train.en", "one\n\nthree\none\n");
  fixture.folder.file("train.de", "eins\nzwei\ndrei\neins\n");
  fixture.folder.file("valid.en", "a\n\n" + std::string(1000, 'a') + "\n");
  fixture.folder.file("valid.de", "a\nb\nc\n");
  fixture.fields["clean"] = {{"duplicates", "drop"}, {"max_source_length", 50}};
  const PreparedData data = fixture.prepare();
  REQUIRE(data.train->num_pairs() == 2);
  CHECK(data.train->line(1) == 3);
  REQUIRE(data.valid->num_pairs() == 3);
  CHECK(data.valid->source(1).empty());
  CHECK(data.valid->source(2).size() == 50);
  CHECK(data.valid_source[2].size() == 1000);
  CHECK_THAT(fixture.log, ContainsSubstring("train: 4 pairs read, 2 kept\n  empty side"));
}

TEST_CASE("standard input is prepared like a file, and nothing of it stays behind") {
  Fixture fixture;
  fixture.fields["train"] = {{"tsv", "-"}};
  const auto file = fixture.folder.file("in.tsv", "one\teins\ntwo\tzwei\n");
  const int saved = dup(STDIN_FILENO), in = open(file.c_str(), O_RDONLY);
  dup2(in, STDIN_FILENO);
  const PreparedData data = fixture.prepare();
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(in);
  CHECK(data.train->num_pairs() == 2);
  CHECK_FALSE(std::filesystem::exists(fixture.cache() / "standard_input"));
}

TEST_CASE("a sample of the lines is enough to learn from, the same one each time") {
  Fixture fixture;
  fixture.fields["tokenizer"] = {{"kind", "words"}, {"max_training_sentences", 20}};
  const PreparedData first = fixture.prepare();
  CHECK_THAT(fixture.log, ContainsSubstring("from 20 lines"));
  CHECK(first.train->num_pairs() == 200);
  std::filesystem::remove_all(fixture.cache());
  CHECK(fixture.prepare().tokenizers.fingerprint() == first.tokenizers.fingerprint());
}

TEST_CASE("text that cannot be trained on is refused by name") {
  Fixture fixture;
  const std::string here = fixture.folder.path().string();
  SECTION("empty files") {
    fixture.folder.file("train.en", "");
    fixture.folder.file("train.de", "");
    CHECK_THROWS_WITH(fixture.prepare(),
                      Equals(here + "/train.en and " + here + "/train.de: no line of text; at least one pair is needed"));
  }
  SECTION("nothing left") {
    fixture.fields["clean"] = {{"max_source_length", 1}};
    CHECK_THROWS_WITH(
        fixture.prepare(),
        ContainsSubstring("no pair is left after cleaning; see data.clean.\n  cleaning: 200 pairs read, 0 kept\n  over 1/256 tokens"));
  }
  SECTION("unequal files") {
    fixture.write_text("train.de", 199, "{}");
    CHECK_THROWS_WITH(fixture.prepare(), ContainsSubstring("train.en has 200 lines and ") &&
                                             ContainsSubstring("train.de 199; a parallel corpus needs equal counts"));
  }
  SECTION("bad UTF-8") {
    fixture.folder.file("valid.de", "1\n2\n3\xFC\n4\n5\n");
    CHECK_THROWS_WITH(fixture.prepare(), ContainsSubstring("valid.de:3: not valid UTF-8 at byte 2"));
  }
  SECTION("missing file") {
    fixture.fields["valid"]["source"] = "none.en";
    CHECK_THROWS_WITH(fixture.prepare(), Equals(here + "/none.en: no such file"));
  }
  SECTION("directory for a file") {
    fixture.fields["train"]["source"] = ".";
    CHECK_THROWS_WITH(fixture.prepare(), ContainsSubstring(": is a directory; a file is needed"));
  }
  SECTION("no text") {
    fixture.fields.erase("train");
    CHECK_THROWS_WITH(fixture.prepare(), Equals("data.train: names no text; give 'source' and 'target', or 'tsv', or 'jsonl'"));
  }
  SECTION("a cache that cannot be made") {
    const DataConfig config = DataConfig::from_json(fixture.fields, fixture.folder.path());
    CHECK_THROWS_WITH(prepare_data(config, "/proc/attnzoo", {}, nullptr), ContainsSubstring("/proc/attnzoo: the folder cannot be made: ") &&
                                                                              ContainsSubstring("choose another folder with data.cache"));
  }
}

TEST_CASE("the data section is configured with the problems of all its parts") {
  const json fields = {{"train", {{"sorce", "a"}}}, {"valid", {{"text", "v"}}}, {"clean", {{"empty", 3}}}, {"tokeniser", 1}};
  try {
    DataConfig::from_json(fields, "/text");
    FAIL("accepted");
  } catch (const ConfigError& error) {
    CHECK_THAT(
        error.what(),
        ContainsSubstring("data.train.sorce: unknown key (did you mean 'source'?)") &&
            ContainsSubstring("data.clean.empty: must be one of keep, drop, error, got the number 3") &&
            ContainsSubstring(
                "data.tokeniser: unknown key (did you mean 'tokenizer'?); known keys: cache, clean, obtain, tokenizer, train, valid") &&
            ContainsSubstring("data.valid: 'text' is running text, for task 'language-model'"));
  }
  const DataConfig config = DataConfig::from_json({{"train", {{"tsv", "x"}}}, {"cache", "c"}}, "/text");
  CHECK(config.cache == "/text/c");
  CHECK(DataConfig::from_json(config.to_json(), "/elsewhere").to_json() == config.to_json());
  CHECK(default_cache("/text/mini.json") == "/text/prepared/mini");
}

TEST_CASE("where a source is cut, its target names no word that stood past the cut") {
  Fixture fixture;
  fixture.folder.file("train.en", "a b c\na b c\na Anna b Berta Carla\n");
  fixture.folder.file("train.de", "c b a\nc b a\nCarla Berta Anna\n");
  fixture.folder.file("valid.en", "b Dora a c Emil\n");
  fixture.folder.file("valid.de", "Emil Dora\n");
  fixture.fields["tokenizer"] = {{"kind", "words"}, {"vocabulary_size", 7}, {"copy_unknown", true}};
  fixture.fields["clean"] = {{"too_long", "truncate"}, {"max_source_length", 3}};
  const PreparedData data = fixture.prepare();
  const int32_t first = 7;
  const auto target = data.train->target(2);
  CHECK(std::vector<int32_t>(target.begin(), target.end()) == std::vector<int32_t>{kUnkId, kUnkId, first + 1});
  const auto valid = data.valid->target(0);
  CHECK(std::vector<int32_t>(valid.begin(), valid.end()) == std::vector<int32_t>{kUnkId, first + 1});
  for (int64_t i = 0; i < data.train->num_pairs(); ++i)
    for (const int32_t id : data.train->target(i)) CHECK(id < first + static_cast<int64_t>(data.train->source(i).size()));
}

TEST_CASE("a blank label is refused with its line, or dropped") {
  Fixture fixture;
  fixture.folder.file("labelled.tsv", "good text\tgood \nbad text\t \nfine text\tgood\n");
  fixture.fields["train"] = {{"tsv", "labelled.tsv"}};
  fixture.fields.erase("valid");
  const auto prepared = [&](const char* empty) {
    fixture.fields["clean"] = {{"empty", empty}};
    return prepare_data(DataConfig::from_json(fixture.fields, fixture.folder.path(), Task::kClassification), fixture.folder / "labels", {},
                        nullptr);
  };
  CHECK_THROWS_WITH(prepared("keep"), Equals((fixture.folder / "labelled.tsv").string() +
                                             ":2: the label is blank; set data.clean.empty to drop, or correct the line"));
  const PreparedData data = prepared("drop");
  CHECK(data.train->num_pairs() == 2);
  CHECK(data.tokenizers.target->vocabulary_size() == kNumSpecialTokens + 1);
  CHECK(data.train->target(0)[0] == data.train->target(1)[0]);
}

TEST_CASE("the identity of text changes with its content and settings, not with its place") {
  const TemporaryDirectory folder;
  const auto first = folder.file("a", "x\ty\n"), second = folder.file("b", "x\ty\n");
  CHECK(identity_of({TsvFiles{{first}}}) == identity_of({TsvFiles{{second}}}));
  CHECK(identity_of({TsvFiles{{first}}}) != identity_of({TsvFiles{{second}, 1}}));
  CHECK(identity_of({TsvFiles{{first}}}) != identity_of({RunningText{{first}}}));
  CHECK(identity_of({RunningText{{first}}}) == identity_of({RunningText{{second}}}));
  CHECK(identity_of({JsonlFiles{{first}}}) == identity_of({JsonlFiles{{second}}}));
  CHECK(identity_of({ParallelFiles{{first}, {second}}}) == identity_of({ParallelFiles{{second}, {first}}}));
  const std::vector<SourceConfig> every_form = {{ParallelFiles{{second}, {first}}},
                                                {ParallelFiles{{first}, {second}}},
                                                {TsvFiles{{second}}},
                                                {JsonlFiles{{second}}},
                                                {RunningText{{second}}}};
  std::vector<json> before;
  for (const auto& text : every_form) before.push_back(identity_of(text));
  folder.file("b", "x\tz\n");
  for (size_t i = 0; i < every_form.size(); ++i) CHECK(identity_of(every_form[i]) != before[i]);
  CHECK(digest_of({{"a", 1}, {"b", 2}}) == digest_of({{"b", 2}, {"a", 1}}));
  CHECK(digest_of({{"a", 1}}) != digest_of({{"a", 2}}));
  CHECK(digest_of({{"a", 1}}).size() == 16);
}
