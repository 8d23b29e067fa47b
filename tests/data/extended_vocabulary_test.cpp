#include "data/extended_vocabulary.h"

#include "data/special_tokens.h"

#include "tests/catch.h"

using namespace attnzoo;

namespace {

// Words a, b, c with ids 4, 5, 6.
std::shared_ptr<const Tokenizer> three_words() {
  TokenizerConfig config;
  config.kind = "words";
  config.vocabulary_size = 7;
  return train_tokenizer(config, std::vector<std::string>{"a a a", "b b", "c"});
}

using Ids = std::vector<int32_t>;

}  // namespace

TEST_CASE("an unknown word is the vocabulary's size plus the first place at which it stands in the source") {
  const auto tokenizer = three_words();
  const ExtendedSource source(*tokenizer, "a Anna b Berta Anna");
  CHECK(source.ids() == Ids{4, 7 + 1, 5, 7 + 3, 7 + 1});
  CHECK(source.encode_target("Berta c Anna Carla") == Ids{7 + 3, 6, 7 + 1, kUnkId});
}

TEST_CASE("extended ids are written out again as the source's words") {
  const auto tokenizer = three_words();
  const ExtendedSource source(*tokenizer, "a Anna b Berta");
  CHECK(source.decode(Ids{7 + 3, 6, kUnkId, 7 + 1}) == "Berta c \xE2\x81\x87 Anna");
  CHECK(source.decode(Ids{4, 5}) == "a b");
  CHECK(source.piece(7 + 1) == "Anna");
  CHECK(source.piece(4) == "a");
  CHECK(source.piece(7 + 2) == "\xE2\x81\x87");  // no unknown word stands there
}

TEST_CASE("SentencePiece names what it does not know as well") {
  TokenizerConfig config;
  config.vocabulary_size = 12;
  config.byte_fallback = false;
  const auto tokenizer = train_tokenizer(config, std::vector<std::string>{"a b c", "c b a", "a a"});
  const std::string text = "a \xE2\x98\x83 b";
  const ExtendedSource source(*tokenizer, text);
  const auto unknown = tokenizer->unknown_words(text);
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0] == "\xE2\x98\x83");
  CHECK(std::count_if(source.ids().begin(), source.ids().end(), [&](int32_t id) { return id >= tokenizer->vocabulary_size(); }) == 1);
  const auto decoded = source.decode(source.ids());
  CHECK(decoded.find("\xE2\x98\x83") != std::string::npos);
}
