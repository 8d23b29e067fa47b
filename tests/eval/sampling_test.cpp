#include "eval/sampling.h"

#include <torch/types.h>

#include <cmath>
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
    ++counts[sample_token(row.data(), static_cast<int64_t>(row.size()), banned, options, (i + 0.5) / 10000).id];
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
  CHECK(token.id == 0);
  CHECK(token.log_probability == Approx(std::log(0.5)).margin(1e-6));
  const float nan[2] = {NAN, 0};
  CHECK_THROWS_AS(sample_token(nan, 2, {}, {}, 0.5), Error);
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
