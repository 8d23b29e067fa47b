// Pieces by a SentencePiece model, ids by a list.
#include "data/sentencepiece_vocabulary.h"

#include "data/error.h"
#include "data/special_tokens.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::string learned_model(const std::vector<std::string>& lines) {
  TokenizerConfig config;
  config.vocabulary_size = 60;
  config.byte_fallback = false;
  config.normalization = "nmt_nfkc";
  return sentencepiece_model_of(*train_tokenizer(config, lines));
}

std::vector<std::string> pieces_of(const std::vector<std::string>& lines) {
  TokenizerConfig config;
  config.vocabulary_size = 60;
  config.byte_fallback = false;
  const auto tokenizer = train_tokenizer(config, lines);
  std::vector<std::string> pieces;
  for (int32_t id = kNumSpecialTokens; id < tokenizer->vocabulary_size(); ++id) pieces.push_back(tokenizer->piece(id));
  return pieces;
}

const std::vector<std::string> kEnglish = {"the house", "the tree", "a house and a tree", "the mouse in the house"};
const std::vector<std::string> kGerman = {"das Haus", "der Baum", "ein Haus und ein Baum", "die Maus im Haus"};

}  // namespace

TEST_CASE("two SentencePiece models share one vocabulary, and each side reads its own text and the other's pieces") {
  auto pieces = pieces_of(kEnglish);
  for (const auto& piece : pieces_of(kGerman))
    if (std::find(pieces.begin(), pieces.end(), piece) == pieces.end()) pieces.push_back(piece);
  pieces.push_back(">>deu<<");
  const TokenizerPair pair{make_sentencepiece_vocabulary(learned_model(kEnglish), pieces, "a"),
                           make_sentencepiece_vocabulary(learned_model(kGerman), pieces, "b")};
  CHECK(pair.joint());
  CHECK(pair.source->vocabulary_size() == static_cast<int64_t>(pieces.size()) + kNumSpecialTokens);
  for (const auto& line : kEnglish) CHECK(pair.source->decode(pair.source->encode(line)) == line);
  for (const auto& line : kGerman) {
    const auto ids = pair.target->encode(line);
    CHECK(pair.target->decode(ids) == line);
    CHECK(pair.source->decode(ids) == line);
  }
  const auto ids = pair.source->encode(">>deu<< the house");
  CHECK(pair.source->piece(ids[0]) == ">>deu<<");
  CHECK(std::vector<int32_t>(ids.begin() + 1, ids.end()) == pair.source->encode("the house"));
  CHECK(pair.source->encode(">>xxx<<")[0] != ids[0]);
  CHECK(pair.source->encode("") == std::vector<int32_t>{});
  const auto odd = pair.source->encode("the \xE6\xBC\xA2 tree");
  CHECK(std::count(odd.begin(), odd.end(), kUnkId) == 1);
  CHECK(pair.source->decode(odd) == "the  \xE2\x81\x87  tree");
  CHECK(pair.source->decode(std::vector<int32_t>{kPadId, kBosId, kEosId}) == "");
  CHECK(pair.source->piece(kEosId) == "</s>");
  CHECK_THROWS_WITH(pair.source->piece(static_cast<int32_t>(pair.source->vocabulary_size())),
                    ContainsSubstring("is outside the vocabulary"));

  const TemporaryDirectory folder;
  pair.save(folder.path());
  const auto loaded = TokenizerPair::load(folder.path());
  CHECK(loaded.joint());
  CHECK(loaded.source->kind() == "sentencepiece-vocabulary");
  CHECK(loaded.fingerprint() == pair.fingerprint());
  CHECK(loaded.target->encode(kGerman[2]) == pair.target->encode(kGerman[2]));
  const TokenizerPair other{pair.source, make_sentencepiece_vocabulary(learned_model(kGerman), pieces_of(kGerman), "b")};
  CHECK(!other.joint());
}

TEST_CASE("a damaged list of pieces or model is refused by name") {
  const auto message = [](const std::string& content) -> std::string {
    try {
      load_sentencepiece_vocabulary(content, "run/source.tokenizer");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  const auto model = learned_model(kEnglish);
  CHECK(message("[\"a\"]\n" + model).empty());
  const std::string no_list = "run/source.tokenizer: damaged tokeniser: it does not begin with the list of its pieces";
  for (const char* content : {"", "[]", "{}\n", "[1]\n", "[\"a\"\n", "\n"}) CHECK(message(content) == no_list);
  CHECK(message("[\"a\",\"a\"]\n" + model) == "run/source.tokenizer: damaged tokeniser: the piece 'a' is listed twice");
  CHECK_THAT(message("[\"a\"]\nabc"), ContainsSubstring("run/source.tokenizer: damaged tokeniser: SentencePiece's format ends"));
  CHECK_THAT(message("[\"a\"]\n"), ContainsSubstring("run/source.tokenizer: damaged tokeniser: SentencePiece cannot load its model"));
}

TEST_CASE("normalisation rules that lead out of a model are refused before SentencePiece follows them") {
  auto model = learned_model(kEnglish);
  CHECK(make_sentencepiece_vocabulary(model, {"a"}, "source.spm")->vocabulary_size() == kNumSpecialTokens + 1);
  // Behind the name of the rules stand a tag, a length of three bytes, the array's length, and its first unit.
  const size_t unit = model.find("nmt_nfkc") + 8 + 4 + 4;
  REQUIRE(unit < model.size());
  for (size_t i = 0; i < 4; ++i) model[unit + i] = '\x7F';
  CHECK_THROWS_WITH(make_sentencepiece_vocabulary(model, {"a"}, "source.spm"),
                    Equals("source.spm: damaged tokeniser: the normalisation rules in its model lead out of it"));
}

}  // namespace attnzoo::test
