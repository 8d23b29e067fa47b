// What the user may have meant: names of other tools beside slips of the keyboard.
#include "data/json_fields.h"
#include "data/synonyms.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

const std::vector<std::string> kTransformerKeys = {"dim",       "encoder_dim", "layers", "encoder_layers", "feed_forward_dim",
                                                   "num_heads", "family",      "preset", "dropout",        "encoder_dropout"};
const std::vector<std::string> kKinds = {"sentencepiece-unigram", "sentencepiece-bpe", "words", "characters"};

}  // namespace

TEST_CASE("names of other tools are understood in the hint") {
  for (const char* width : {"hidden_size", "d_model", "hiddenSize", "model-dim", "n_embd", "rnn_size"})
    CHECK(nearest(width, kTransformerKeys) == "dim");
  CHECK(nearest("encoder_hidden_size", kTransformerKeys) == "encoder_dim");
  CHECK(nearest("num_encoder_layers", kTransformerKeys) == "encoder_layers");
  CHECK(nearest("num_layers", kTransformerKeys) == "layers");
  CHECK(nearest("nhead", kTransformerKeys) == "num_heads");
  CHECK(nearest("heads", kTransformerKeys) == "num_heads");
  CHECK(nearest("heads", {"attention", "attention_heads"}) == "attention_heads");
  CHECK(nearest("dim_feedforward", kTransformerKeys) == "feed_forward_dim");
  CHECK(nearest("embedding_size", kTransformerKeys) == "dim");
  CHECK(nearest("embedding_size", {"dim", "embedding_dim"}) == "embedding_dim");
  CHECK(nearest("arch", kTransformerKeys) == "family");
  CHECK(nearest("lr", {"learning_rate", "clip_norm"}) == "learning_rate");
}

TEST_CASE("tokenisers by the names that others give them") {
  CHECK(nearest("bpe", kKinds) == "sentencepiece-bpe");
  CHECK(nearest("BPE", kKinds) == "sentencepiece-bpe");
  CHECK(nearest("unigram", kKinds) == "sentencepiece-unigram");
  CHECK(nearest("sentencepiece-word", kKinds) == "words");
  CHECK(nearest("sentencepiece_char", kKinds) == "characters");
  CHECK(nearest("word", kKinds) == "words");
  CHECK(nearest("sentencepiece-unigran", kKinds) == "sentencepiece-unigram");
  CHECK(nearest("sentencepiece", kKinds) == "sentencepiece-unigram");
}

TEST_CASE("one slip in a known name counts for more than another tool's name") {
  CHECK(nearest("famly", kTransformerKeys) == "family");
  CHECK(nearest("presett", kTransformerKeys) == "preset");
  CHECK(nearest("modl", kTransformerKeys).empty());
  CHECK(nearest(std::string(100000, 'a'), kTransformerKeys).empty());
}

TEST_CASE("a word that is in one name only is taken for that name") {
  CHECK(nearest("generator", {"pointer-generator", "transformer"}) == "pointer-generator");
  CHECK(nearest("bogus", {"first-bogus", "second-bogus"}).empty());
}

}  // namespace attnzoo::test
