// SentencePiece models from strangers: what is wrong with one is said before SentencePiece reads it (run this in the preset `asan` too).
#include "data/sentencepiece_model.h"

#include <sentencepiece_processor.h>

#include <cstring>
#include <limits>
#include <random>

#include "data/error.h"
#include "data/sentencepiece_charsmap.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string number_field(uint64_t field, uint64_t value) { return varint(field << 3) + varint(value); }
std::string bytes_field(uint64_t field, const std::string& content) { return varint(field << 3 | 2) + varint(content.size()) + content; }
std::string float_field(uint64_t field, float value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return varint(field << 3 | 5) + bytes;
}

enum PieceType : uint64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4 };

std::string piece_field(const std::string& text, uint64_t type = kNormal, float score = -1) {
  return bytes_field(1, bytes_field(1, text) + float_field(2, score) + number_field(3, type));
}

const std::string kSpecials =
    piece_field("<pad>", kControl) + piece_field("<unk>", kUnknown) + piece_field("<s>", kControl) + piece_field("</s>", kControl);
const std::string kLetters = piece_field("\xE2\x96\x81") + piece_field("a") + piece_field("b") + piece_field("ab");
const std::string kTrainer =
    bytes_field(2, number_field(3, 2) + number_field(40, 1) + number_field(41, 2) + number_field(42, 3) + number_field(43, 0));

std::string rules_field(const std::string& charsmap) { return bytes_field(3, bytes_field(1, "own") + bytes_field(2, charsmap)); }

// A rule for each of "a", "aa", "aaa", ...: a chain of units, one block of 256 for the children of each.
std::string nested_rules(uint32_t depth, bool circle = false) {
  std::vector<uint32_t> units(256 * (depth + 2), 0x80000000u | 255);
  const auto unit_of = [](uint32_t node) { return node == 0 ? 0 : 256 * node + 'a'; };
  for (uint32_t node = 0; node <= depth; ++node) {
    const uint32_t base = 256 * (circle && node == depth ? 1 : node + 1);
    units[unit_of(node)] = (unit_of(node) ^ base) << 10 | (node == 0 ? 0 : 1u << 8 | 'a');
    units[256 * (node + 1)] = 0x80000000u;  // the value: text 0
  }
  const auto num_bytes = static_cast<uint32_t>(units.size() * sizeof units[0]);
  std::string bytes(sizeof num_bytes + num_bytes, '\0');
  std::memcpy(bytes.data(), &num_bytes, sizeof num_bytes);
  std::memcpy(bytes.data() + sizeof num_bytes, units.data(), num_bytes);
  return bytes + std::string("x\0", 2);
}

std::string refusal_of(const std::string& model) {
  try {
    load_sentencepiece_model(model, "x.spm");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

const std::vector<std::string>& some_text() {
  static const std::vector<std::string> lines = {"the house of the mouse", "a mouse in a house", "houses and mice",
                                                 "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xB1\xD9\x88\xD9\x85 5 m\xC2\xB2"};
  return lines;
}

std::string learned(const std::string& kind, const std::string& normalization, bool byte_fallback) {
  TokenizerConfig config;
  config.kind = kind;
  config.vocabulary_size = byte_fallback ? 320 : 70;
  config.normalization = normalization;
  config.byte_fallback = byte_fallback;
  return sentencepiece_model_of(*train_tokenizer(config, some_text()));
}

// Loads `model`, and where it is taken uses it. Whether it is taken.
bool survives(const std::string& model) {
  try {
    const auto loaded = load_sentencepiece_model(model, "x.spm");
    for (const auto& line : some_text()) {
      std::vector<int> ids;
      std::string text;
      if (loaded.processor->Encode(line, &ids).ok()) loaded.processor->Decode(ids, &text);
    }
  } catch (const DataError&) {
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("A SentencePiece model made by hand is read, with its normalisation named") {
  const auto plain = load_sentencepiece_model(kSpecials + kLetters + kTrainer, "x.spm");
  CHECK(plain.processor->GetPieceSize() == 8);
  CHECK(plain.normalization == "identity");
  CHECK_FALSE(plain.has_rules);
  CHECK(plain.first_byte_piece == -1);
  const auto ruled = load_sentencepiece_model(kSpecials + kLetters + kTrainer + rules_field(nested_rules(2)), "x.spm");
  CHECK(ruled.normalization == "own");
  CHECK(ruled.has_rules);
  const auto nfkc = load_sentencepiece_model(learned("sentencepiece-bpe", "nmt_nfkc", true), "x.spm");
  CHECK(nfkc.normalization == "nmt_nfkc");
  CHECK(nfkc.processor->IdToPiece(nfkc.first_byte_piece + 0x81) == "<0x81>");
}

TEST_CASE("Each fault of a SentencePiece model is named before SentencePiece reads it") {
  const std::string good = kSpecials + kLetters + kTrainer, damaged = "x.spm: damaged tokeniser: ";
  CHECK(refusal_of(good + piece_field("")) == damaged + "piece 8 is empty");
  CHECK(refusal_of(good + piece_field(std::string("\0b", 2))) == damaged + "piece 8 holds a NUL byte");
  CHECK(refusal_of(good + piece_field("\xFF")) == damaged + "piece 8 is not valid UTF-8");
  CHECK(refusal_of(good + piece_field(std::string(2000, 'a'))) == damaged + "piece 8 has 2000 bytes; at most 1024 are read");
  CHECK(refusal_of(good + piece_field("c", 9)) == damaged + "piece 8 is of the unknown type 9");
  CHECK(refusal_of(good + piece_field("c", kNormal, std::numeric_limits<float>::quiet_NaN())) ==
        damaged + "the score of piece 8 is not a number");
  CHECK(refusal_of(good + bytes_field(1, bytes_field(1, "c") + bytes_field(1, "d"))) == damaged + "its model gives field 1 twice");
  CHECK(refusal_of(good + bytes_field(1, number_field(1, 3))) ==
        damaged + "field 1 of its model has another type than in SentencePiece's format");
  CHECK(refusal_of(good + kTrainer) == damaged + "its model gives field 2 twice");
  CHECK(refusal_of(kSpecials + kLetters + bytes_field(2, number_field(3, 4))) ==
        damaged + "its SentencePiece model is of type 4; unigram (1) and BPE (2) are read");
  CHECK(refusal_of(good.substr(0, good.size() - 1)) == damaged + "SentencePiece's format ends in the middle of its model");
  CHECK(refusal_of(good + varint(7 << 3 | 3)) == damaged + "SentencePiece's format ends in the middle of its model");  // a group
  CHECK(refusal_of(good + bytes_field(3, bytes_field(1, std::string(300, 'n')))) ==
        damaged + "the name of its normalisation rules has 300 bytes; at most 256 are read");
  CHECK(refusal_of(good + bytes_field(4, std::string((8 << 20) + 1, '\0'))) ==
        damaged + "its self-test has 8388609 bytes; at most 8388608 are read");
  CHECK_THAT(refusal_of(good + piece_field("a")), ContainsSubstring(damaged + "SentencePiece cannot load its model ("));
  CHECK_THAT(refusal_of(""), ContainsSubstring(damaged + "SentencePiece cannot load its model ("));
}

TEST_CASE("User-defined pieces that begin one another are refused where SentencePiece's array of 64 would overflow") {
  const auto with_nested = [](size_t depth) {
    std::string pieces;
    for (size_t length = 1; length <= depth; ++length) pieces += piece_field(std::string(length, 'c'), kUserDefined);
    return kSpecials + kLetters + pieces + kTrainer;
  };
  CHECK(survives(with_nested(32)));
  CHECK(refusal_of(with_nested(33)) == "x.spm: damaged tokeniser: more than 32 of its user-defined pieces begin one another");
}

TEST_CASE("Normalisation rules that lead out of a model, in circles or past SentencePiece's array are refused by every reader") {
  CHECK(is_sound_charsmap(nested_rules(32)));
  CHECK_FALSE(is_sound_charsmap(nested_rules(33)));
  CHECK_FALSE(is_sound_charsmap(nested_rules(3, /*circle=*/true)));
  CHECK_FALSE(is_sound_charsmap(nested_rules(3).substr(0, nested_rules(3).size() - 1)));  // a text without its end
  const std::string refusal = "x.spm: damaged tokeniser: the normalisation rules in its model lead out of it";
  const std::string good = kSpecials + kLetters + kTrainer, bad_rules = bytes_field(2, nested_rules(40));
  for (const uint64_t field : {3, 5}) {  // normaliser, denormaliser
    const auto model = good + bytes_field(field, bad_rules);
    CHECK(refusal_of(model) == refusal);
    CHECK_THROWS_WITH(load_sentencepiece(model, "x.spm"), Equals(refusal));
    CHECK_THROWS_WITH(load_tokenizer(pack_tokenizer("sentencepiece", model), "x.spm"), Equals(refusal));
    CHECK_THROWS_WITH(load_sentencepiece_vocabulary("[\"a\"]\n" + model, "x.spm"), Equals(refusal));
    CHECK_THROWS_WITH(make_sentencepiece_vocabulary(model, {"a"}, "x.spm"), Equals(refusal));
  }
}

TEST_CASE("Damaged SentencePiece models are refused or can be used, whatever is damaged") {
  std::mt19937_64 random(7);
  for (const auto& whole : {kSpecials + kLetters + piece_field("cd", kUserDefined) + kTrainer + rules_field(nested_rules(8)),
                            learned("sentencepiece-unigram", "identity", false), learned("sentencepiece-bpe", "identity", true)}) {
    REQUIRE(survives(whole));
    const auto place = [&] { return random() % whole.size(); };
    int num_refused = 0;
    for (int i = 0; i < 1500; ++i) {
      auto model = whole;
      for (size_t count = 1 + random() % 3; count > 0; --count) {
        const auto at = std::min(place(), model.size() - 1);
        if (random() % 4 == 0) {
          model.erase(at, 1 + random() % 8);
        } else if (random() % 4 == 0) {
          model.insert(at, whole.substr(place(), random() % 40));
        } else {
          model[at] = static_cast<char>(random());
        }
      }
      num_refused += !survives(model);
    }
    CHECK(num_refused > 300);
  }
}

}  // namespace attnzoo::test
