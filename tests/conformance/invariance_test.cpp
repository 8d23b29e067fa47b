// What must have no effect: padding, a sentence's batch and place in it, the future, the order of decoding rows.
#include <ATen/ATen.h>

#include "data/special_tokens.h"
#include "models/layers/packing.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("Padding on the right changes no bit of a model's output") {
  const auto compute = GENERATE(Compute::kFloat32, Compute::kInt8);
  for (const auto& subject : subjects()) {
    INFO(subject.name << (compute == Compute::kInt8 ? ", int8" : ""));
    const auto model = subject.build();
    const InferenceModel frozen(*model, compute);
    const auto batch = make_test_batch(*model, random_sentences(5, 9, 1), random_sentences(5, 7, 2));
    CHECK(same_bits(stepped_logits(*model, batch), stepped_logits(*model, batch, 6)));
  }
}

TEST_CASE("A sentence gets the same bits alone, in a batch, and at another place in it") {
  const auto compute = GENERATE(Compute::kFloat32, Compute::kInt8);
  for (const auto& subject : subjects()) {
    INFO(subject.name << (compute == Compute::kInt8 ? ", int8" : ""));
    const auto model = subject.build();
    const InferenceModel frozen(*model, compute);
    const auto sources = random_sentences(37, 12, 3), targets = random_sentences(37, 8, 4);
    const auto batch = make_test_batch(*model, sources, targets);
    const auto together = stepped_logits(*model, batch);
    const Packing packing(batch.target_length_B, batch.target_in_BT.size(1));
    for (const size_t b : {0, 5, 11, 36}) {
      const auto alone = stepped_logits(*model, make_test_batch(*model, {sources[b]}, {targets[b]}));
      CHECK(same_bits(alone, together.narrow(0, packing.offsets[b], packing.length(static_cast<int64_t>(b)))));
    }
    const std::vector<Sentence> some = {sources[20], sources[7], sources[30]}, said = {targets[20], targets[7], targets[30]};
    const auto shuffled = stepped_logits(*model, make_test_batch(*model, some, said));
    CHECK(same_bits(shuffled.narrow(0, 0, packing.length(20)), together.narrow(0, packing.offsets[20], packing.length(20))));
  }
}

TEST_CASE("In int8, every family's logits are near those in float, and not equal") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    const auto batch = make_test_batch(*model, random_sentences(5, 9, 1), random_sentences(5, 7, 2));
    const auto plain = stepped_logits(*model, batch).clamp_min(-20);  // impossible copies of a pointer-generator are at -85
    const InferenceModel frozen(*model, Compute::kInt8);
    const auto rounded = stepped_logits(*model, batch).clamp_min(-20);
    CHECK_FALSE(rounded.equal(plain));
    CHECK(((rounded - plain).norm() / plain.norm()).item<double>() < 0.1);
  }
}

TEST_CASE("No target position sees a later one") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();
    if (model->says_label()) continue;  // reads no target
    auto batch = make_test_batch(*model, random_sentences(3, 9, 5), {{5, 6, 7, 8, 9}, {10, 11, 12, 13, 14}, {15, 16, 17, 18, 19}});
    const auto before = model->forward_states(batch).states_PD.view({3, 6, -1});
    batch.target_in_BT.select(1, 4).fill_(30);
    const auto after = model->forward_states(batch).states_PD.view({3, 6, -1});
    CHECK(before.narrow(1, 0, 4).equal(after.narrow(1, 0, 4)));
    CHECK_FALSE(before.narrow(1, 4, 2).equal(after.narrow(1, 4, 2)));
  }
}

TEST_CASE("Stepping equals the teacher-forced pass") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();
    const auto batch = make_test_batch(*model, random_sentences(7, 9, 6), random_sentences(7, 8, 7));
    const auto stepped = stepped_logits(*model, batch);
    CHECK(largest_difference(model->forward(batch), stepped) < 2e-4);
    const InferenceModel frozen(*model);
    CHECK(largest_difference(model->forward(batch), stepped) < 2e-4);
  }
}

TEST_CASE("Rows of a state can be reordered, repeated and dropped") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    const InferenceModel frozen(*model);
    const at::NoGradGuard no_grad;
    const Memory memory = model->encode(source_ids(random_sentences(4, 9, 8)));
    auto state = model->start(memory);
    state = model->step(memory, state, torch::full({4}, int64_t{kBosId}, torch::kLong), AttentionRequest::kNone).state;
    const auto previous_N = torch::tensor({5, 6, 7, 8}, torch::kLong);
    const auto all = model->step(memory, state, previous_N, AttentionRequest::kNone);
    const auto rows = torch::tensor({3, 1, 1}, torch::kLong);
    const auto some = model->step(memory, state.select(rows), previous_N.index_select(0, rows), AttentionRequest::kNone);
    CHECK(some.logits_NV.equal(all.logits_NV.index_select(0, rows)));
    const auto later = torch::tensor({9, 10, 11}, torch::kLong);
    const auto next = model->step(memory, some.state, later, AttentionRequest::kNone);
    const auto expected = model->step(memory, all.state.select(rows), later, AttentionRequest::kNone);
    CHECK(next.logits_NV.equal(expected.logits_NV));
  }
}

TEST_CASE("Attention weights are a distribution over real source tokens, and requesting them changes nothing") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    const InferenceModel frozen(*model);
    const at::NoGradGuard no_grad;
    const Memory memory = model->encode(source_ids(random_sentences(5, 9, 9), 2));
    const auto previous_N = torch::full({5}, int64_t{kBosId}, torch::kLong);
    const auto with = model->step(memory, model->start(memory), previous_N, AttentionRequest::kMean);
    const auto without = model->step(memory, model->start(memory), previous_N, AttentionRequest::kNone);
    REQUIRE(with.attention_NS.defined());
    CHECK(with.logits_NV.equal(without.logits_NV));
    CHECK(largest_difference(with.attention_NS.sum(1), torch::ones({5})) < 1e-5);
    CHECK(with.attention_NS.masked_select(memory.keep_BS.logical_not()).abs().sum().item<float>() == 0);
  }
}

}  // namespace attnzoo::test
