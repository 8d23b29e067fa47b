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
  CHECK(source.decode(source.ids()) == text);
}

TEST_CASE("a source is cut first, so that no target has an id past its logits") {
  const auto tokenizer = three_words();
  const ExtendedSource cut(*tokenizer, "a Anna b Berta Anna Carla", 3), whole(*tokenizer, "a Anna b Berta Anna Carla", 6);
  CHECK(cut.ids() == Ids{4, 7 + 1, 5});
  CHECK(cut.was_cut());
  CHECK(whole.ids().size() == 6);
  CHECK_FALSE(whole.was_cut());
  CHECK(cut.encode_target("Berta Anna Carla c") == Ids{kUnkId, 7 + 1, kUnkId, 6});
  CHECK(cut.decode(Ids{7 + 1, 7 + 3}) == "Anna \xE2\x81\x87");
  // The same where both were encoded before the cut.
  auto target = whole.encode_target("Berta Anna Carla c");
  CHECK(target == Ids{7 + 3, 7 + 1, 7 + 5, 6});
  forget_words_past(3, 7, target);
  CHECK(target == cut.encode_target("Berta Anna Carla c"));
  const ExtendedSource nothing(*tokenizer, "Anna Berta", 0);
  CHECK(nothing.ids().empty());
  CHECK(nothing.encode_target("Anna") == Ids{kUnkId});
}

TEST_CASE("words are written out beside the mark of unknown ones, which may stand in the text itself") {
  TokenizerConfig config;
  config.vocabulary_size = 20;
  config.byte_fallback = false;
  const auto tokenizer = train_tokenizer(config, std::vector<std::string>{"a b \xE2\x81\x87", "b a", "\xE2\x81\x87"});
  const std::string text = "\xE2\x81\x87 a \xE2\x98\x83 b\xE2\x98\x84 \xE2\x96\x81";
  const ExtendedSource source(*tokenizer, text);
  CHECK(source.decode(source.ids()) == text);
  const auto words = three_words();
  const ExtendedSource marked(*words, "\xE2\x81\x87 Anna");
  CHECK(marked.decode(Ids{7, 7 + 1, kUnkId}) == "\xE2\x81\x87 Anna \xE2\x81\x87");
}
