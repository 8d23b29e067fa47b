// Every parameter gets its gradient: autograd in double against finite differences, the hand-written float passes against double.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/nn/module.h>

#include "tests/conformance/subjects.h"
#include "tests/finite_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::shared_ptr<Seq2SeqModel> in_double(const Subject& subject) {
  auto model = subject.build();
  model->to(torch::kDouble);
  model->eval();
  return model;
}

Batch test_batch(const Seq2SeqModel& model) { return make_test_batch(model, random_sentences(4, 6, 11), random_sentences(4, 5, 12)); }

}  // namespace

TEST_CASE("Gradients in double equal finite differences for every parameter") {
  at::set_num_threads(1);  // for tensors this small, waking a second thread costs more than it saves
  for (const auto& subject : subjects()) {
    const auto model = in_double(subject);
    const auto batch = test_batch(*model);
    loss_of(*model, batch).backward();
    for (const auto& item : model->named_parameters()) {
      INFO(subject.name << ": " << item.key());
      auto parameter = item.value();
      REQUIRE(parameter.grad().defined());
      const auto gradient = parameter.grad().flatten();
      // The entry with the largest gradient, and one in the middle.
      for (const int64_t index : {gradient.abs().argmax().item<int64_t>(), gradient.numel() / 2}) {
        CHECK(finite_difference(parameter, index, [&] { return loss_of(*model, batch); }) ==
              Approx(gradient[index].item<double>()).epsilon(1e-4).margin(1e-8));
      }
    }
  }
  at::set_num_threads(2);
}

TEST_CASE("The hand-written float passes give the loss and the gradients of double") {
  for (const auto& subject : subjects()) {
    const auto exact = in_double(subject);
    const auto fast = subject.build();
    fast->eval();
    const auto batch = test_batch(*fast);
    auto exact_loss = loss_of(*exact, batch), fast_loss = loss_of(*fast, batch);
    CHECK(fast_loss.item<double>() == Approx(exact_loss.item<double>()).epsilon(1e-5));
    exact_loss.backward();
    fast_loss.backward();
    const auto expected = exact->named_parameters();
    for (const auto& item : fast->named_parameters()) {
      INFO(subject.name << ": " << item.key());
      REQUIRE(item.value().grad().defined());
      const auto reference = expected[item.key()].grad();
      CHECK(largest_difference(item.value().grad(), reference) < 2e-5 + 1e-3 * reference.abs().max().item<double>());
    }
  }
}

}  // namespace attnzoo::test
