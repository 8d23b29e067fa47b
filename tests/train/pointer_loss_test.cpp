#include "train/pointer_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "models/copying.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

struct PointerProblem {
  torch::Tensor states_PD, weight_VD, bias_V, gate_P1, scores_PS, source_PS, targets_P;
  CopySource copy() const { return {gate_P1.sigmoid(), scores_PS.softmax(-1), source_PS}; }
  std::vector<torch::Tensor> inputs() const { return {states_PD, weight_VD, bias_V, gate_P1, scores_PS}; }
};

// 600 rows: more than the loss works on at a time. Vocabulary of 9, five source positions with known and unknown words.
PointerProblem make_pointer_problem() {
  torch::manual_seed(3);
  const auto leaf = [](const torch::Tensor& x) { return x.to(torch::kDouble).requires_grad_(); };
  PointerProblem problem{leaf(torch::randn({600, 6})),
                         leaf(torch::randn({9, 6})),
                         leaf(torch::randn({9})),
                         leaf(torch::randn({600, 1})),
                         leaf(torch::randn({600, 5})),
                         torch::randint(4, 9, {600, 5}, torch::kLong),
                         torch::randint(4, 9, {600}, torch::kLong)};
  problem.source_PS.select(1, 2).fill_(9 + 2);  // an unknown word at position 2
  problem.targets_P.narrow(0, 0, 50).fill_(9 + 2);
  return problem;
}

}  // namespace

TEST_CASE("The pointer loss and its gradients are those of the mixture written out") {
  const auto problem = make_pointer_problem();
  const LossOptions options{.smoothing = 0.1, .scale = 0.5};
  LossSums sums;
  const auto loss = pointer_loss(problem.states_PD, problem.copy(), problem.weight_VD, problem.bias_V, problem.targets_P, options, sums);
  const auto gradients = torch::autograd::grad({loss}, problem.inputs());

  const auto logits = at::linear(problem.states_PD, problem.weight_VD, problem.bias_V);
  const auto log_p = copy_logits(logits, problem.copy());
  const auto nll = at::nll_loss(log_p, problem.targets_P, {}, at::Reduction::Sum);
  const auto expected = 0.5 * (0.9 * nll - 0.1 * logits.log_softmax(-1).mean(-1).sum());
  const auto expected_gradients = torch::autograd::grad({expected}, problem.inputs());
  CHECK(loss.item<double>() == Approx(expected.item<double>()).epsilon(1e-10));
  CHECK(sums.nll == Approx(nll.item<double>()).epsilon(1e-10));
  CHECK(sums.num_tokens == 600);
  for (size_t i = 0; i < gradients.size(); ++i) CHECK((gradients[i] - expected_gradients[i]).abs().max().item<double>() < 1e-9);
}

TEST_CASE("The pointer loss refuses a target that neither the vocabulary nor the source has") {
  auto problem = make_pointer_problem();
  problem.targets_P[7] = 9 + 5;
  LossSums sums;
  CHECK_THROWS_WITH(pointer_loss(problem.states_PD, problem.copy(), problem.weight_VD, problem.bias_V, problem.targets_P, {}, sums),
                    "training: a target has the id 14; its vocabulary and source have the ids 0 to 13; remove the prepared corpora, so "
                    "that they are made "
                    "again");
}

TEST_CASE("A copied distribution sums to one and reaches words past the vocabulary") {
  const auto problem = make_pointer_problem();
  const auto p = copy_logits(at::linear(problem.states_PD, problem.weight_VD, problem.bias_V), problem.copy()).exp();
  REQUIRE(p.size(1) == 9 + 5);
  CHECK((p.sum(1) - 1).abs().max().item<double>() < 1e-12);
  CHECK(p.select(1, 9 + 2).min().item<double>() > 1e-6);
  CHECK(p.select(1, 9 + 1).max().item<double>() < 1e-30);
}

TEST_CASE("The coverage loss is the overlap of each step's attention with what came before") {
  const auto attention_BTS = torch::tensor({0.5, 0.5, 0.0, 0.25, 0.75, 0.0, 0.0, 0.0, 1.0}, torch::kDouble).view({1, 3, 3});
  const auto keep_BT = torch::tensor({{true, true, false}});
  // Step 0 overlaps with nothing, step 1 by 0.25 + 0.5; step 2 is padding.
  CHECK(coverage_loss(attention_BTS, keep_BT).item<double>() == Approx(0.75));
}

}  // namespace attnzoo::test
