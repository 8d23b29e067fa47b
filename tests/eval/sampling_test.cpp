#include "eval/sampling.h"

#include <torch/types.h>

#include <cmath>
#include <limits>
#include <map>

#include "data/error.h"
#include "data/special_tokens.h"
#include "eval/search.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

// How often each token is drawn for evenly spread uniform numbers.
std::map<int32_t, int> draws(const std::vector<float>& row, const SamplingOptions& options, const std::vector<int32_t>& banned = {}) {
  std::map<int32_t, int> counts;
  for (int i = 0; i < 10000; ++i)
    ++counts[sample_token(row.data(), static_cast<int64_t>(row.size()), banned, options, (i + 0.5) / 10000)->id];
  return counts;
}

const std::vector<float> kRow = {std::log(0.5f), std::log(0.3f), std::log(0.15f), std::log(0.05f)};

}  // namespace

TEST_CASE("Tokens are drawn as often as they are probable, within the temperature, the top k and the top p") {
  auto counts = draws(kRow, {});
  CHECK(counts[0] == Approx(5000).margin(2));
  CHECK(counts[1] == Approx(3000).margin(2));
  CHECK(counts[3] == Approx(500).margin(2));
  counts = draws(kRow, {.temperature = 0.5});  // squares of the probabilities
  CHECK(counts[0] == Approx(10000 * 0.25 / 0.365).margin(2));
  counts = draws(kRow, {.top_k = 2});
  CHECK(counts[0] == Approx(6250).margin(2));
  CHECK(counts.size() == 2);
  counts = draws(kRow, {.top_p = 0.9});
  CHECK(counts.size() == 3);
  CHECK(counts[2] == Approx(10000 * 0.15 / 0.95).margin(2));
  counts = draws(kRow, {}, {0, 3});
  CHECK(counts[1] == Approx(6667).margin(2));
  CHECK(counts.size() == 2);
}

TEST_CASE("A drawn token keeps the model's probability") {
  const auto token = sample_token(kRow.data(), 4, {}, {.temperature = 0.1, .top_k = 1}, 0.7);
  REQUIRE(token);
  CHECK(token->id == 0);
  CHECK(token->log_probability == Approx(std::log(0.5)).margin(1e-6));
  const float nan[2] = {NAN, 0};
  CHECK_THROWS_AS(sample_token(nan, 2, {}, {}, 0.5), Error);
}

TEST_CASE("Nothing is drawn when every token is banned or has probability 0, and no token of probability 0 ever") {
  CHECK_FALSE(sample_token(kRow.data(), 4, std::vector<int32_t>{0, 1, 2, 3}, {}, 0.5));
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> row = {-infinity, 0, -infinity, 1, -infinity};
  CHECK_FALSE(sample_token(row.data(), 5, std::vector<int32_t>{1, 3}, {}, 0.5));
  for (const auto& options : std::vector<SamplingOptions>{{}, {.temperature = 1e-3}, {.top_k = 4}, {.top_p = 0.999}}) {
    for (const double uniform : {0.0, 0.3, 0.999, std::nextafter(1.0, 0.0)}) {
      const auto token = sample_token(row.data(), 5, {}, options, uniform);
      REQUIRE(token);
      CHECK((token->id == 1 || token->id == 3));
      CHECK(std::isfinite(token->log_probability));
    }
  }
}

TEST_CASE("A sample that no token may follow ends there, flagged; the other samples and texts go on") {
  // Two words, each at most once, and no </s> before five tokens: every sample of text {4} is stuck after <unk>, 4 and 5.
  TableModel model(7, [](const Ids& source, const Ids& prefix) {
    std::vector<float> logits(7, 0.0f);
    if (source[0] == 4) logits[6] = -std::numeric_limits<float>::infinity();
    if (source[0] == 5 && prefix.size() == 4) logits[kEosId] = 50;
    return logits;
  });
  SearchOptions options;
  options.sample = true;
  options.n_best = 4;
  options.no_repeat_ngram = 1;
  options.min_length = 4;
  const auto results = search(model, source_rows({{4}, {5}}), options);
  REQUIRE(results[0].size() == 4);
  for (const auto& sample : results[0]) {
    CHECK(sample.truncated);
    CHECK(sample.ids.size() == 3);
  }
  for (const auto& sample : results[1]) {
    CHECK_FALSE(sample.truncated);
    CHECK(sample.ids.size() == 4);
  }
}

TEST_CASE("Samples are sorted by score, best first") {
  TableModel model(11, hashed_logits(11, 6));
  SearchOptions options;
  options.sample = true;
  options.n_best = 12;
  options.max_length = 20;
  for (const auto& samples : search(model, source_rows({{5, 6}, {7}}), options)) {
    REQUIRE(samples.size() == 12);
    for (size_t i = 1; i < samples.size(); ++i) CHECK(samples[i - 1].score >= samples[i].score);
    CHECK(samples.front().score > samples.back().score);
  }
}

TEST_CASE("Samples are the same alone and in a batch, differ from each other, and change with the seed") {
  TableModel model(11, hashed_logits(11, 3));
  SearchOptions options;
  options.sample = true;
  options.n_best = 3;
  options.max_length = 20;
  const std::vector<Ids> sentences = {{5, 6}, {7}, {8, 9, 10}};
  std::vector<SearchStart> starts = {{{}, 100}, {{}, 101}, {{}, 102}};
  const auto together = search(model, source_rows(sentences), options, starts);
  for (size_t b = 0; b < 3; ++b) {
    const auto alone = search(model, source_rows({sentences[b]}), options, std::span(starts).subspan(b, 1));
    REQUIRE(alone[0].size() == 3);
    for (size_t i = 0; i < 3; ++i) CHECK(alone[0][i].ids == together[b][i].ids);
  }
  CHECK(together[0][0].ids != together[0][1].ids);
  options.seed = 2;
  CHECK(search(model, source_rows(sentences), options, starts)[0][0].ids != together[0][0].ids);
}

TEST_CASE("A prefix is said first and costs nothing") {
  TableModel model(11, hashed_logits(11, 5));
  SearchOptions options;
  options.beam = 3;
  options.max_length = 6;
  const std::vector<SearchStart> starts = {{{7, 8}, 0}, {{}, 1}};
  const auto found = search(model, source_rows({{5, 6}, {5, 6}}), options, starts);
  const auto free = search(model, source_rows({{5, 6}}), options);
  CHECK(std::vector<int32_t>(found[0][0].ids.begin(), found[0][0].ids.begin() + 2) == std::vector<int32_t>{7, 8});
  CHECK(found[0][0].ids.size() <= 2 + 6);
  CHECK(found[1][0].ids == free[0][0].ids);
  CHECK(found[1][0].score == free[0][0].score);
}
