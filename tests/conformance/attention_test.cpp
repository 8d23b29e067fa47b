// Attention by layer and head, for every family: what it adds up to, that both implementations give the same, and that asking changes
// nothing.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "data/special_tokens.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

struct Shown {
  Memory memory;
  std::vector<torch::Tensor> encoder_BHSS;
  std::vector<StepOutput> steps;
};

constexpr int64_t kSteps = 4;

Shown show(Seq2SeqModel& model, const torch::Tensor& source_BS, AttentionRequest request) {
  Shown shown;
  shown.memory = request == AttentionRequest::kHeads ? model.encode_with_heads(source_BS, shown.encoder_BHSS) : model.encode(source_BS);
  State state = model.start(shown.memory);
  for (int64_t t = 0; t < (model.says_label() ? 1 : kSteps); ++t) {
    shown.steps.push_back(
        model.step(shown.memory, state, torch::full({source_BS.size(0)}, t == 0 ? kBosId : 4 + t, torch::kLong), request));
    state = shown.steps.back().state;
  }
  return shown;
}

void check_distribution(const torch::Tensor& weights, const torch::Tensor& may_read) {
  CHECK(largest_difference(weights.sum(-1), torch::ones_like(weights.select(-1, 0))) < 1e-5);
  CHECK((weights * may_read.logical_not()).abs().max().item<double>() == 0);
}

void check_equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t l = 0; l < a.size(); ++l) {
    REQUIRE(a[l].sizes() == b[l].sizes());
    CHECK(largest_difference(a[l], b[l]) < 1e-5);
  }
}

}  // namespace

TEST_CASE("Attention by layer and head adds up to what the mean shows, and asking for it changes nothing") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    const InferenceModel frozen(*model);
    const at::NoGradGuard no_grad;
    const auto source_BS = source_ids(random_sentences(3, 9, 9), 2);
    const auto shown = show(*model, source_BS, AttentionRequest::kHeads), silent = show(*model, source_BS, AttentionRequest::kNone);
    const auto keep_BS = shown.memory.keep_BS;
    CHECK(shown.memory.memory_BSC.equal(silent.memory.memory_BSC));
    CHECK(silent.encoder_BHSS.empty());
    for (const auto& layer : shown.encoder_BHSS) {
      const auto real_query = keep_BS.unsqueeze(1).unsqueeze(-1).to(torch::kFloat);
      CHECK(largest_difference((layer * real_query).sum(-1), real_query.squeeze(-1).expand_as(layer.select(-1, 0))) < 1e-5);
      CHECK((layer * real_query * keep_BS.logical_not().unsqueeze(1).unsqueeze(1)).abs().max().item<double>() == 0);
    }
    for (size_t t = 0; t < shown.steps.size(); ++t) {
      INFO("step " << t);
      const auto& step = shown.steps[t];
      CHECK(step.logits_NV.equal(silent.steps[t].logits_NV));
      CHECK(silent.steps[t].heads.source_NHS.empty());
      CHECK(silent.steps[t].heads.past_NHT.empty());
      CHECK(step.generate_N.defined() == model->copies());
      CHECK((model->reads_source() || step.heads.source_NHS.empty()));
      for (const auto& layer : step.heads.source_NHS) check_distribution(layer, keep_BS.unsqueeze(1));
      if (!step.heads.source_NHS.empty()) CHECK(largest_difference(step.heads.source_NHS.back().mean(1), step.attention_NS) < 1e-5);
      for (const auto& layer : step.heads.past_NHT) {
        REQUIRE(layer.size(2) == static_cast<int64_t>(t) + 1);
        CHECK(layer.min().item<double>() >= 0);
        CHECK(layer.sum(-1).max().item<double>() <= 1 + 1e-5);
      }
    }
  }
}

TEST_CASE("The fast path and the plain one give the same attention by layer and head, for every row alone as well") {
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();
    const auto source_BS = source_ids(random_sentences(3, 9, 9), 2);
    const auto plain = show(*model, source_BS, AttentionRequest::kHeads);  // ATen's operations
    const InferenceModel frozen(*model);
    const at::NoGradGuard no_grad;
    const auto fast = show(*model, source_BS, AttentionRequest::kHeads);
    const auto real = [&](const std::vector<torch::Tensor>& layers) {
      std::vector<torch::Tensor> masked;
      for (const auto& layer : layers) masked.push_back(layer * fast.memory.keep_BS.unsqueeze(1).unsqueeze(-1));
      return masked;
    };
    check_equal(real(fast.encoder_BHSS), real(plain.encoder_BHSS));
    const auto length = fast.memory.keep_BS[1].sum().item<int64_t>();
    const auto alone = show(*model, source_BS.narrow(0, 1, 1).narrow(1, 0, length), AttentionRequest::kHeads);
    for (size_t t = 0; t < fast.steps.size(); ++t) {
      check_equal(fast.steps[t].heads.source_NHS, plain.steps[t].heads.source_NHS);
      check_equal(fast.steps[t].heads.past_NHT, plain.steps[t].heads.past_NHT);
      const auto of_one = [&](const std::vector<torch::Tensor>& layers, bool cut) {
        std::vector<torch::Tensor> rows;
        for (const auto& layer : layers) rows.push_back(cut ? layer.narrow(0, 1, 1).narrow(2, 0, length) : layer.narrow(0, 1, 1));
        return rows;
      };
      check_equal(of_one(fast.steps[t].heads.source_NHS, true), alone.steps[t].heads.source_NHS);
      check_equal(of_one(fast.steps[t].heads.past_NHT, false), alone.steps[t].heads.past_NHT);
    }
  }
}

TEST_CASE("Every family shows what it has: a Transformer all layers and heads, a recurrent decoder its one attention") {
  const at::NoGradGuard no_grad;
  const auto source_BS = source_ids(random_sentences(2, 6, 3));
  size_t num_transformers = 0;
  for (const auto& subject : subjects()) {
    if (subject.name != "transformer, post-norm" && subject.name.find("attention-gru") != 0) continue;
    INFO(subject.name);
    const auto model = subject.build();
    const InferenceModel frozen(*model);
    const auto shown = show(*model, source_BS, AttentionRequest::kHeads);
    const bool transformer = subject.name == "transformer, post-norm";
    CHECK(shown.encoder_BHSS.size() == (transformer ? 2u : 0u));
    CHECK(shown.steps[0].heads.source_NHS.size() == (transformer ? 2u : 1u));
    CHECK(shown.steps[0].heads.past_NHT.size() == (transformer ? 2u : 0u));
    num_transformers += transformer;
    if (transformer) CHECK(shown.encoder_BHSS[0].size(1) == 4);
  }
  CHECK(num_transformers == 1);
}

}  // namespace attnzoo::test
