#include "data/tokenizer.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/special_tokens.h"
#include "data/text_reader.h"
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

std::string config_message(const char* json) {
  try {
    TokenizerConfig::from_json(nlohmann::json::parse(json));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

void check_no_special_ids(const std::vector<int32_t>& ids) {
  for (const int32_t id : ids) CHECK((id == kUnkId || id >= kNumSpecialTokens));
}

// What the process writes to its standard error while it stands.
class CapturedErrors {
 public:
  explicit CapturedErrors(const std::filesystem::path& file) : file_(file), saved_(dup(STDERR_FILENO)) {
    REQUIRE(std::freopen(file.c_str(), "w", stderr) != nullptr);
  }
  std::string stop() {
    std::fflush(stderr);
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
    return read_file(file_);
  }
  ~CapturedErrors() {
    if (saved_ >= 0) stop();
  }

 private:
  std::filesystem::path file_;
  int saved_;
};

}  // namespace

TEST_CASE("every kind of tokeniser gives back the text that it learned from") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), sample_lines());
    CHECK(kind.rfind(tokenizer->kind(), 0) == 0);
    CHECK(tokenizer->vocabulary_size() <= 400);
    for (const std::string& line : sample_lines()) {
      const auto ids = tokenizer->encode(line);
      check_no_special_ids(ids);
      for (const int32_t id : ids) CHECK(id < tokenizer->vocabulary_size());
      CHECK(tokenizer->decode(ids) == line);
    }
    CHECK(tokenizer->encode("").empty());
    CHECK(tokenizer->decode({}).empty());
  }
}

TEST_CASE("the first four ids are the special tokens of every kind, and decode skips all but <unk>") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), sample_lines());
    CHECK(tokenizer->piece(kPadId) == "<pad>");
    CHECK(tokenizer->piece(kUnkId) == "<unk>");
    CHECK(tokenizer->piece(kBosId) == "<s>");
    CHECK(tokenizer->piece(kEosId) == "</s>");
    std::vector<int32_t> ids = tokenizer->encode("the dog sees the house .");
    ids.insert(ids.begin(), kBosId);
    ids.insert(ids.end(), {kEosId, kPadId, kPadId});
    CHECK(tokenizer->decode(ids) == "the dog sees the house .");
    CHECK_THAT(tokenizer->decode(std::vector<int32_t>{kUnkId}), ContainsSubstring("\xE2\x81\x87"));
    CHECK_THROWS_WITH(tokenizer->decode(std::vector<int32_t>{100000}), ContainsSubstring("id 100000 is outside the vocabulary of "));
    CHECK_THROWS_WITH(tokenizer->piece(-1), ContainsSubstring("id -1 is outside the vocabulary of "));
  }
}

TEST_CASE("text that looks like special tokens or byte pieces is text") {
  // In training as well: often enough that they would become pieces.
  std::vector<std::string> lines = sample_lines();
  for (int i = 0; i < 200; ++i) lines.push_back("a </s> b <pad> c <s> d <unk> e <0x41>");
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    for (const std::vector<std::string>* training : {&sample_lines(), &std::as_const(lines)}) {
      const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), *training);
      for (const char* text : {"</s>", "<pad>", "<s>", "x </s> <pad> y", "<0x41>"}) {
        const auto ids = tokenizer->encode(text);
        REQUIRE(!ids.empty());
        check_no_special_ids(ids);
        // Words and characters of the small text lack these; the others spell them out.
        if (training == &lines && std::string(text) != "x </s> <pad> y") CHECK(tokenizer->decode(ids) == text);
      }
    }
  }
}

TEST_CASE("with byte fallback SentencePiece keeps characters that it never saw, without it they are <unk>") {
  const std::string text = "the dog \xE6\xBC\xA2 sees";
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CAPTURE(kind);
    TokenizerConfig config = tokenizer_config_of(kind);
    auto tokenizer = train_tokenizer(config, sample_lines());
    CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
    config.byte_fallback = false;
    config.vocabulary_size = 100;
    tokenizer = train_tokenizer(config, sample_lines());
    const auto ids = tokenizer->encode(text);
    CHECK(std::count(ids.begin(), ids.end(), kUnkId) == 1);
    CHECK_THAT(tokenizer->decode(ids), ContainsSubstring("\xE2\x81\x87"));
  }
}

TEST_CASE("encoding never fails, whatever the bytes") {
  const std::vector<std::string> texts = {std::string("\xFF\xC3 a\0b \xE2\x82", 9), "   ", "\t\r\n", std::string(20000, 'x'),
                                          "\xE2\x96\x81 \xE2\x96\x85 \xE2\x81\x87"};
  for (const std::string& kind : kKinds) {
    const auto tokenizer = train_tokenizer(tokenizer_config_of(kind), sample_lines());
    for (const std::string& text : texts) check_no_special_ids(tokenizer->encode(text));
  }
}

TEST_CASE("words are split at runs of spaces only and ranked by frequency, then by their bytes") {
  const auto tokenizer = train_tokenizer(tokenizer_config_of("words", 7), std::vector<std::string>{" b  a\tx b ", "c a b", "a\tx"});
  CHECK(tokenizer->vocabulary_size() == 7);
  // b thrice, "a\tx" twice, a and c once: the smaller bytes first, so that c falls off the end.
  CHECK(tokenizer->piece(4) == "b");
  CHECK(tokenizer->piece(5) == "a\tx");
  CHECK(tokenizer->piece(6) == "a");
  CHECK(tokenizer->encode("  b c  a ") == std::vector<int32_t>{4, kUnkId, 6});
  CHECK(tokenizer->decode(std::vector<int32_t>{4, kUnkId, 6}) == "b \xE2\x81\x87 a");
}

TEST_CASE("characters are code points, spaces among them") {
  const auto tokenizer = train_tokenizer(tokenizer_config_of("characters"), std::vector<std::string>{"a \xC3\xA4  \xF0\x9F\x98\x80", "aa"});
  const auto ids = tokenizer->encode("\xF0\x9F\x98\x80 a  z\xC3\xA4");
  CHECK(ids.size() == 7);
  CHECK(tokenizer->decode(ids) == "\xF0\x9F\x98\x80 a  \xE2\x81\x87\xC3\xA4");
  CHECK(tokenizer->vocabulary_size() == 8);
}

TEST_CASE("learning twice gives the same bytes, and what is written is read back the same") {
  const TemporaryDirectory folder;
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const auto first = train_tokenizer(tokenizer_config_of(kind), sample_lines()),
               second = train_tokenizer(tokenizer_config_of(kind), sample_lines());
    CHECK(first->serialized() == second->serialized());
    const auto loaded = load_tokenizer(first->serialized(), "memory");
    CHECK(loaded->kind() == first->kind());
    CHECK(loaded->serialized() == first->serialized());
    CHECK(loaded->vocabulary_size() == first->vocabulary_size());
    for (const std::string& line : sample_lines()) CHECK(loaded->encode(line) == first->encode(line));
  }
}

TEST_CASE("SentencePiece prints nothing, neither learning nor failing") {
  const TemporaryDirectory folder;
  CapturedErrors errors(folder / "stderr");
  std::string message;
  TokenizerConfig config = tokenizer_config_of("sentencepiece-unigram");
  train_tokenizer(config, sample_lines());
  config.byte_fallback = false;
  config.vocabulary_size = 6;
  try {
    train_tokenizer(config, sample_lines());
  } catch (const DataError& error) {
    message = error.what();
  }
  CHECK_THROWS_AS(load_tokenizer("{\"attnzoo_tokenizer\":1,\"kind\":\"sentencepiece\",\"num_bytes\":3,\"crc32\":\"352441c2\"}\nabc", "x"),
                  DataError);
  CHECK(errors.stop().empty());
  CHECK(
      message ==
      "data.tokenizer.vocabulary_size: must be at least 26 for this text, got 6: it has 22 different characters, and 4 pieces are special "
      "tokens; raise it, or lower data.tokenizer.character_coverage (1, at least 0.98) so that rare characters become <unk>");
}

TEST_CASE("a text too small for the vocabulary gives a smaller vocabulary") {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CAPTURE(kind);
    for (const char* text : {"a", "a b", "hello hello world"}) {
      const auto tokenizer = train_tokenizer(tokenizer_config_of(kind, 8000), std::vector<std::string>{text});
      CHECK(tokenizer->vocabulary_size() < 300);
      CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
    }
  }
}

TEST_CASE("long lines are learned from as well") {
  std::string line;
  for (const std::string& sample : sample_lines()) line += sample + " ";
  while (line.size() < 10000) line += line;
  const auto tokenizer = train_tokenizer(tokenizer_config_of("sentencepiece-bpe"), std::vector<std::string>{"short", line});
  CHECK(tokenizer->encode("the mountain").size() == 2);
}

TEST_CASE("on Multi30k both kinds of SentencePiece reach the size asked for and shorten the text", "[slow]") {
  const std::filesystem::path file = ATTNZOO_SOURCE_DIR "/../shared/data/multi30k/train.de.gz";
  if (!std::filesystem::exists(file)) {
    WARN("skipped: " << file << " is not here");
    return;
  }
  const std::vector<std::string> lines = read_lines(file.string());
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe"}) {
    CAPTURE(kind);
    const auto tokenizer = train_tokenizer(tokenizer_config_of(kind, 8000), lines);
    CHECK(tokenizer->vocabulary_size() == 8000);
    CHECK(tokenizer->serialized() == train_tokenizer(tokenizer_config_of(kind, 8000), lines)->serialized());
    size_t num_pieces = 0, num_words = 0;
    for (const std::string& line : lines) {
      num_pieces += tokenizer->encode(line).size();
      num_words += 1 + static_cast<size_t>(std::count(line.begin(), line.end(), ' '));
    }
    CHECK(static_cast<double>(num_pieces) < 1.4 * static_cast<double>(num_words));
  }
}

TEST_CASE("labels lose the white space around them, blank ones are refused, and any number can be loaded again") {
  const auto labels = train_labels(std::vector<std::string>{"good ", "good", "\tGood", "not good\r", "3.5"});
  CHECK(labels->vocabulary_size() == kNumSpecialTokens + 4);
  CHECK(labels->encode(" good") == labels->encode("good"));
  CHECK(labels->encode("Good") != labels->encode("good"));
  CHECK(through(*labels, "not good ") == "not good");
  CHECK(labels->encode("bad") == std::vector<int32_t>{kUnkId});
  for (const char* blank : {"", " ", "\t\r"})
    CHECK_THROWS_WITH(train_labels(std::vector<std::string>{"a", blank}),
                      Equals("tokeniser: a label is blank; drop such lines with data.clean.empty"));
  std::vector<std::string> many;
  for (int i = 0; i < 100000; ++i) many.push_back("label\t" + std::to_string(i));
  const auto learned = train_labels(many);
  CHECK(learned->vocabulary_size() == 100000 + kNumSpecialTokens);
  CHECK(load_tokenizer(learned->serialized(), "memory")->encode(many[777]) == learned->encode(many[777]));
}

TEST_CASE("learning from nothing is refused") {
  for (const std::string& kind : kKinds) {
    CHECK_THROWS_WITH(train_tokenizer(tokenizer_config_of(kind), {}), Equals("tokeniser: cannot learn from 0 lines without any text"));
    CHECK_THROWS_WITH(train_tokenizer(tokenizer_config_of(kind), std::vector<std::string>{"", " \t"}),
                      Equals("tokeniser: cannot learn from 2 lines without any text"));
  }
}

TEST_CASE("a tokeniser file that is damaged, of a newer format or something else is refused by name") {
  const auto tokenizer = train_tokenizer(tokenizer_config_of("words"), sample_lines());
  const std::string good = tokenizer->serialized();
  const auto message = [](const std::string& bytes) -> std::string {
    try {
      load_tokenizer(bytes, "run/source.tokenizer");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message("") == "run/source.tokenizer: is not an attnzoo tokeniser (its first line must hold \"attnzoo_tokenizer\")");
  CHECK_THAT(message("hello\nworld"), ContainsSubstring("run/source.tokenizer: is not an attnzoo tokeniser"));
  CHECK_THAT(message(good.substr(0, good.size() - 3)), ContainsSubstring("run/source.tokenizer: damaged tokeniser: "));
  std::string flipped = good;
  flipped[flipped.size() - 2] ^= 1;
  CHECK_THAT(message(flipped), ContainsSubstring("run/source.tokenizer: damaged tokeniser: its checksum is "));
  std::string newer = good;
  newer.replace(newer.find("\"attnzoo_tokenizer\":1"), 21, "\"attnzoo_tokenizer\":2");
  CHECK(message(newer) == "run/source.tokenizer: tokeniser of format 2; this program reads format 1; use a newer attnzoo");
  std::string unknown = good;
  unknown.replace(unknown.find("words"), 5, "glyph");
  CHECK(message(unknown) ==
        "run/source.tokenizer: tokeniser of the unknown kind 'glyph'; known are sentencepiece, sentencepiece-vocabulary, words, "
        "characters, labels");
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1}\n"),
             ContainsSubstring("damaged tokeniser: its first line must give the integers attnzoo_tokenizer and num_bytes and the strings "
                               "kind and crc32"));
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1e300,\"kind\":\"words\",\"num_bytes\":0,\"crc32\":\"00000000\"}\n"),
             ContainsSubstring("damaged tokeniser: its first line must give the integers"));
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1,\"kind\":" + std::string(200000, '[')),
             ContainsSubstring("run/source.tokenizer: is not an attnzoo tokeniser"));
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1,\"kind\":\"sentencepiece\",\"num_bytes\":3,\"crc32\":\"352441c2\"}\nabc"),
             ContainsSubstring("run/source.tokenizer: damaged tokeniser: SentencePiece's format ends in the middle of its model"));
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1,\"kind\":\"words\",\"num_bytes\":4,\"crc32\":\"337a7954\"}\na\na\n"),
             ContainsSubstring("run/source.tokenizer: damaged tokeniser: an entry is listed twice"));
  CHECK_THAT(message("{\"attnzoo_tokenizer\":1,\"kind\":\"words\",\"num_bytes\":1,\"crc32\":\"e8b7be43\"}\na"),
             ContainsSubstring("run/source.tokenizer: damaged tokeniser: entry 0 is empty or has no line end"));
}

TEST_CASE("a pair of tokenisers is saved and loaded, joint or not, and its fingerprint tells vocabularies apart") {
  const TemporaryDirectory folder;
  TokenizerPair separate;
  separate.source = train_tokenizer(tokenizer_config_of("words", 10), sample_lines());
  separate.target = train_tokenizer(tokenizer_config_of("words", 11), sample_lines());
  CHECK(!separate.joint());
  separate.save(folder.path());
  TokenizerPair loaded = TokenizerPair::load(folder.path());
  CHECK(!loaded.joint());
  CHECK(loaded.fingerprint() == separate.fingerprint());
  CHECK(loaded.target->vocabulary_size() == 11);

  const TokenizerPair joint{separate.source, separate.source};
  joint.save(folder.path());
  loaded = TokenizerPair::load(folder.path());
  CHECK(loaded.joint());
  CHECK(loaded.fingerprint() == joint.fingerprint());
  CHECK(joint.fingerprint() != separate.fingerprint());
  CHECK(joint.fingerprint().size() == 16);
  const TokenizerPair swapped{separate.target, separate.source};
  CHECK(swapped.fingerprint() != separate.fingerprint());
}

TEST_CASE("loading tokenisers from a folder without any names the file") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(TokenizerPair::load(folder.path()), Equals((folder / "source.tokenizer").string() + ": no such file"));
}

TEST_CASE("tokeniser settings are checked together and written back as they were read") {
  TokenizerConfig config;
  config.kind = "sentencepiece-bpe";
  config.vocabulary_size = 1234;
  config.joint = false;
  config.byte_fallback = false;
  config.normalization = "nmt_nfkc_cf";
  config.character_coverage = 0.98;
  config.max_training_sentences = 7;
  CHECK(TokenizerConfig::from_json(config.to_json()).to_json() == config.to_json());

  CHECK_THAT(config_message(R"({"kind": "bpe"})"), ContainsSubstring("sentencepiece-unigram, sentencepiece-bpe, words, characters"));
  CHECK_THAT(
      config_message(R"({"vocabulary_size": 200})"),
      ContainsSubstring("data.tokenizer.vocabulary_size: must lie between 261 (4 special tokens, 256 bytes for byte_fallback, 1 piece) "
                        "and 1000000, got 200"));
  CHECK(config_message(R"({"vocabulary_size": 200, "byte_fallback": false})").empty());
  CHECK_THAT(config_message(R"({"kind": "words", "vocabulary_size": 4})"),
             ContainsSubstring("data.tokenizer.vocabulary_size: must lie between 5 and 10000000, got 4"));
  const std::string both = config_message(R"({"character_coverage": 0, "max_training_sentences": 0, "size": 3})");
  CHECK_THAT(both,
             ContainsSubstring("data.tokenizer.character_coverage: must lie between 0.98 and 1, the range that SentencePiece accepts, "
                               "got 0"));
  CHECK_THAT(both, ContainsSubstring("data.tokenizer.max_training_sentences: must be 1 or more, got 0"));
  CHECK_THAT(both, ContainsSubstring("data.tokenizer.size: unknown key"));
  CHECK_THAT(config_message(R"({"character_coverage": 0.97})"), ContainsSubstring("must lie between 0.98 and 1"));
  CHECK_THAT(config_message(R"({"vocabulary_size": 1000001})"), ContainsSubstring("1 piece) and 1000000, got 1000001"));
  CHECK_THAT(
      config_message(R"({"normalization": "nmt_nfc"})"),
      ContainsSubstring("data.tokenizer.normalization: unknown value 'nmt_nfc' (did you mean 'nmt_nfkc'?); accepted: identity, nfkc, "
                        "nmt_nfkc, nfkc_cf, nmt_nfkc_cf"));
  CHECK(config_message(R"({"kind": "words", "normalization": "nfkc"})") ==
        "data.tokenizer.normalization: kind 'words' takes text as it is, got 'nfkc'; omit it");
  CHECK(config_message(R"({"kind": "words", "normalization": "identity"})").empty());
}
