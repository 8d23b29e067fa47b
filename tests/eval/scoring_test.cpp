#include "eval/scoring.h"

#include <ATen/ATen.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/tokenizer.h"
#include "eval/search.h"
#include "models/registry.h"
#include "tests/eval/letter_tokenizer.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

constexpr int64_t kVocabulary = kNumSpecialTokens + 26;

// The sum of log-probabilities, one step after the other.
double stepped_log_probability(const TableModel::Logits& logits, Ids source, Ids target) {
  source.push_back(kEosId);
  target.push_back(kEosId);
  Ids prefix;
  double sum = 0;
  for (const auto id : target) {
    sum += at::log_softmax(torch::tensor(logits(source, prefix)).to(torch::kDouble), 0)[id].item<double>();
    prefix.push_back(id);
  }
  return sum;
}

Ids letters(const std::string& text) {
  Ids ids;
  for (const auto id : LetterTokenizer().encode(text)) ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("scores of pairs are sums of step log-probabilities with </s>, in input order, whatever the batches") {
  const auto logits = hashed_logits(kVocabulary, 21);
  TableModel model(kVocabulary, logits);
  const auto tokenizers = letter_tokenizers();
  const std::vector<std::string> sources = {"abc", "", "z", "hello"}, targets = {"xyz", "q", "", "worldworld"};
  std::vector<double> expected;
  for (size_t i = 0; i < 4; ++i) expected.push_back(stepped_log_probability(logits, letters(sources[i]), letters(targets[i])));
  for (const int64_t batch_tokens : {1, 20, 1000}) {
    BatchConfig batches;
    batches.batch_tokens = batch_tokens;
    std::vector<TokenScores> scores;
    int64_t last_progress = 0;
    const auto totals =
        score_text(model, tokenizers, sources, targets, 1024, batches, torch::kCPU, &scores, [&](int64_t done) { last_progress = done; });
    REQUIRE(scores.size() == 4);
    double sum = 0;
    for (size_t i = 0; i < 4; ++i) {
      CHECK(scores[i].size() == targets[i].size() + 1);
      CHECK(log_probability_of(scores[i]) == Approx(expected[i]).epsilon(1e-6));
      sum += expected[i];
    }
    CHECK(totals.num_sentences == 4);
    CHECK(totals.num_tokens == 4 + 2 + 1 + 11);
    CHECK(totals.loss() == Approx(-sum / 18).epsilon(1e-6));
    CHECK(totals.perplexity() == Approx(std::exp(-sum / 18)).epsilon(1e-6));
    CHECK(last_progress == 4);
  }
}

TEST_CASE("accuracy counts the tokens that the model ranks first") {
  TableModel model(kVocabulary, [](const Ids&, const Ids& prefix) {
    std::vector<float> logits(kVocabulary, 0.0f);
    logits[prefix.size() == 3 ? kEosId : static_cast<size_t>(kNumSpecialTokens)] = 1;  // "aaa"
    return logits;
  });
  const auto totals = score_text(model, letter_tokenizers(), std::vector<std::string>{"x", "x"}, std::vector<std::string>{"aaa", "aba"},
                                 1024, {}, torch::kCPU);
  CHECK(totals.num_correct == 7);
  CHECK(totals.accuracy() == Approx(7.0 / 8));
}

TEST_CASE("a found hypothesis has the log-probability that scoring gives it") {
  TableModel model(kVocabulary, hashed_logits(kVocabulary, 4));
  SearchOptions options;
  options.max_length = 40;
  const auto best = search(model, source_rows({letters("abcdef")}), options)[0][0];
  REQUIRE_FALSE(best.truncated);
  std::vector<TokenScores> scores;
  score_text(model, letter_tokenizers(), std::vector<std::string>{"abcdef"}, std::vector<std::string>{LetterTokenizer().decode(best.ids)},
             1024, {}, torch::kCPU, &scores);
  CHECK(log_probability_of(scores[0]) == Approx(best.log_probability).epsilon(1e-9));
}

TEST_CASE("scores do not depend on how many positions pass the output layer together") {
  // More target positions than one chunk holds.
  const auto logits = hashed_logits(kVocabulary, 8);
  TableModel model(kVocabulary, logits);
  const std::string target(300, 'k');
  ScoreTotals totals =
      score_text(model, letter_tokenizers(), std::vector<std::string>{"ab"}, std::vector<std::string>{target}, 1024, {}, torch::kCPU);
  CHECK(totals.negative_log_likelihood == Approx(-stepped_log_probability(logits, letters("ab"), letters(target))).epsilon(1e-6));
}

TEST_CASE("sources are cut for scoring as for translating") {
  const auto logits = hashed_logits(kVocabulary, 2);
  TableModel model(kVocabulary, logits);
  std::vector<TokenScores> scores;
  score_text(model, letter_tokenizers(), std::vector<std::string>{"abcdef"}, std::vector<std::string>{"x"}, 2, {}, torch::kCPU, &scores);
  CHECK(log_probability_of(scores[0]) == Approx(stepped_log_probability(logits, letters("ab"), letters("x"))).epsilon(1e-6));
}

TEST_CASE("scoring refuses unequal counts, logits that are not numbers, and stops when told") {
  TableModel model(kVocabulary, hashed_logits(kVocabulary, 2));
  const std::vector<std::string> one(1, "x"), two(2, "x");
  CHECK_THROWS_WITH(score_text(model, letter_tokenizers(), one, two, 1024, {}, torch::kCPU),
                    "scoring: 1 source and 2 targets; equal counts are needed");
  std::atomic<bool> stop{true};
  CHECK_THROWS_WITH(score_text(model, letter_tokenizers(), two, two, 1024, {}, torch::kCPU, nullptr, {}, &stop),
                    "scoring: stopped after 0 of 2 pairs");
  TableModel broken(kVocabulary,
                    [](const Ids&, const Ids&) { return std::vector<float>(kVocabulary, std::numeric_limits<float>::quiet_NaN()); });
  CHECK_THROWS_WITH(score_text(broken, letter_tokenizers(), one, one, 1024, {}, torch::kCPU),
                    "scoring: the model's logits are not numbers; its training diverged or its weights are damaged");
}

TEST_CASE("a word first seen past the limit of a source is unknown to its target, in scoring as in translation") {
  TokenizerConfig config;
  config.kind = "words";
  config.vocabulary_size = 7;
  const auto words = train_tokenizer(config, std::vector<std::string>{"a a a", "b b", "c"});
  const int64_t num_words = words->vocabulary_size();
  torch::manual_seed(1);
  const auto model = build_model(nlohmann::json{{"family", "pointer-generator"}, {"preset", "tiny"}}, {num_words, num_words, true});
  model->eval();
  const TokenizerPair tokenizers{words, words};
  const auto scored = [&](const std::string& source, const std::string& target, int64_t limit) {
    std::vector<TokenScores> scores;
    score_text(*model, tokenizers, std::vector<std::string>{source}, std::vector<std::string>{target}, limit, {}, torch::kCPU, &scores);
    return log_probability_of(scores.at(0));
  };
  CHECK(scored("a Anna b c Berta Carla", "Berta c Anna Carla", 3) == Approx(scored("a Anna b", "Berta c Anna Carla", 10)).epsilon(1e-9));
  CHECK(scored("a Anna b c Berta Carla", "Berta c Anna Carla", 6) != Approx(scored("a Anna b", "Berta c Anna Carla", 10)).epsilon(1e-9));

  Batch batch;
  batch.source_BS = torch::tensor({{4, 5, kEosId}}, torch::kLong);
  batch.target_in_BT = torch::tensor({{kBosId, 4, 7 + 3}}, torch::kLong);
  batch.target_out_BT = torch::tensor({{4, 7 + 3, kEosId}}, torch::kLong);
  batch.source_length_B = batch.target_length_B = torch::tensor({3}, torch::kLong);
  batch.pair_ids = {0};
  ScoreTotals totals;
  CHECK_THROWS_WITH(score_batch(*model, batch, totals),
                    "scoring: a target has the id 10; this model has logits for 0 to 9; its text was prepared for another model");
}

TEST_CASE("a mean over no tokens is not a number, rather than 0") {
  CHECK(std::isnan(ScoreTotals().loss()));
  CHECK(std::isnan(ScoreTotals().perplexity()));
  CHECK(std::isnan(ScoreTotals().accuracy()));
}
