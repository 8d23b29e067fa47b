// A search that may copy words sees those of its own sentence alone.
#include <ATen/ATen.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "eval/translator.h"
#include "models/registry.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("what a model copies does not depend on the other sentences of the batch, however flat the distribution") {
  TokenizerConfig config;
  config.kind = "words";
  config.vocabulary_size = 7;
  const auto words = train_tokenizer(config, std::vector<std::string>{"a a a", "b b", "c"});
  const TokenizerPair tokenizers{words, words};
  torch::manual_seed(1);
  const auto model = build_model(nlohmann::json{{"family", "pointer-generator"}, {"preset", "tiny"}},
                                 {words->vocabulary_size(), words->vocabulary_size(), true});
  model->eval();
  const std::vector<std::string> alone = {"a Anna b"}, together = {"a Anna b", "c c n1 n2 n3 n4 n5 n6 n7 n8 n9"};
  TranslateOptions sampled;
  sampled.search.sample = true;
  sampled.search.sampling.temperature = 100;
  sampled.search.min_length = sampled.search.max_length = 20;
  TranslateOptions blocked;
  blocked.search.beam = 3;
  blocked.search.no_repeat_ngram = 1;
  blocked.search.min_length = blocked.search.max_length = 20;
  for (const auto& options : {sampled, blocked}) {
    const auto single = translate(*model, tokenizers, alone, options).front(),
               batched = translate(*model, tokenizers, together, options).front();
    CHECK(single.text == batched.text);
    // Nothing but the vocabulary and the sentence's own unknown word, "Anna", can be written.
    for (const int64_t id : single.hypotheses.front().ids) CHECK((id < words->vocabulary_size() || id == words->vocabulary_size() + 1));
  }
}

}  // namespace attnzoo::test
