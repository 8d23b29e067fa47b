#include "eval/row_top_k.h"

#include <ATen/ATen.h>
#include <torch/types.h>

#include <limits>

#include "data/error.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

std::vector<RankedToken> top_k(const torch::Tensor& row, int64_t k, const std::vector<int32_t>& banned = {}) {
  std::vector<RankedToken> best;
  row_top_k(row.const_data_ptr<float>(), row.size(0), k, banned, best);
  return best;
}

}  // namespace

TEST_CASE("a row's best tokens and log-probabilities are those of log_softmax and topk, at every row length and k") {
  torch::manual_seed(1);
  for (const int64_t num_logits : {1, 2, 7, 63, 64, 65, 127, 1000, 8000}) {
    for (const int64_t k : {1, 2, 10, 70, 500}) {
      const auto row = torch::randn({num_logits}) * 5;
      const auto log_probability = at::log_softmax(row.to(torch::kDouble), 0);
      const auto [values, ids] = log_probability.topk(std::min(k, num_logits));
      const auto best = top_k(row, k);
      INFO(num_logits << " logits, k " << k);
      REQUIRE(static_cast<int64_t>(best.size()) == std::min(k, num_logits));
      for (size_t i = 0; i < best.size(); ++i) {
        CHECK(best[i].id == ids[static_cast<int64_t>(i)].item<int64_t>());
        CHECK(best[i].log_probability == Approx(values[static_cast<int64_t>(i)].item<double>()).margin(2e-6));
      }
    }
  }
}

TEST_CASE("banned tokens are left out but keep their share of the softmax") {
  const auto row = torch::arange(200, torch::kFloat) * 0.1f;
  const auto all = top_k(row, 4), some = top_k(row, 2, {199, 197});
  REQUIRE(some.size() == 2);
  CHECK(some[0].id == 198);
  CHECK(some[1].id == 196);
  CHECK(some[0].log_probability == all[1].log_probability);
  CHECK(some[1].log_probability == all[3].log_probability);
}

TEST_CASE("equal logits are ranked by token id") {
  const auto row = torch::zeros({300});
  const auto best = top_k(row, 3, {0});
  REQUIRE(best.size() == 3);
  CHECK(best[0].id == 1);
  CHECK(best[1].id == 2);
  CHECK(best[2].id == 3);
}

TEST_CASE("tokens of probability 0 are not ranked") {
  auto row = torch::full({100}, -std::numeric_limits<float>::infinity());
  row[42] = 3.0f;
  const auto best = top_k(row, 5);
  REQUIRE(best.size() == 1);
  CHECK(best[0].id == 42);
  CHECK(best[0].log_probability == 0);
}

TEST_CASE("very large and very small logits give exact log-probabilities") {
  auto row = torch::full({100}, -1e30f);
  row[5] = 1e30f;
  CHECK(top_k(row, 1)[0].log_probability == 0);
  CHECK(row_log_sum_exp(row.const_data_ptr<float>(), 100) == Approx(1e30));
}

TEST_CASE("logits that are not numbers are refused, wherever they stand") {
  for (const int64_t at : {0, 31, 64, 98}) {
    auto row = torch::zeros({99});
    row[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(top_k(row, 2), ContainsSubstring("search: the model's logits are not numbers (log of their sum is nan)"));
    row[at] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(top_k(row, 2), Error);
  }
}

TEST_CASE("a row gives the same bits alone and among others, in every floating type") {
  torch::manual_seed(2);
  const auto logits = torch::randn({37, 513});
  std::vector<std::vector<int32_t>> banned(37);
  std::vector<std::vector<RankedToken>> best, alone;
  top_k_of_rows(logits, 6, banned, best);
  for (int64_t n = 0; n < 37; ++n) {
    top_k_of_rows(logits.narrow(0, n, 1), 6, {{}}, alone);
    for (size_t i = 0; i < 6; ++i) {
      CHECK(best[static_cast<size_t>(n)][i].id == alone[0][i].id);
      CHECK(best[static_cast<size_t>(n)][i].log_probability == alone[0][i].log_probability);
    }
  }
  top_k_of_rows(logits.to(torch::kDouble), 6, banned, alone);
  CHECK(alone[3][0].log_probability == best[3][0].log_probability);
}
