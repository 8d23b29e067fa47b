// Every family can be traced, and its trace is valid at shapes it was not traced at.
#include "models/export/trace.h"

#include <ATen/ATen.h>

#include "data/special_tokens.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("Traced operations give the model's logits and attention at unseen batch sizes, lengths and beams") {
  for (const auto& subject : subjects()) {
    const auto model = subject.build();
    model->eval();
    const auto traced = trace_model(*model, kVocabulary);
    const InferenceModel frozen(*model);
    const at::NoGradGuard no_grad;
    for (const auto& [count, length, extra] : {std::tuple<int, int, int>{1, 3, 0}, {5, 11, 0}, {3, 7, 2}}) {
      INFO(subject.name << ": " << count << " sentences");
      const auto source_BS = source_ids(random_sentences(count, length, 21), extra);
      const Memory memory = model->encode(source_BS), traced_memory = traced_encode(traced, source_BS);
      State state = model->start(memory), traced_state = traced_start(traced, traced_memory);
      // Two rows per sentence after the first step, as in a beam search.
      auto previous_N = torch::full({count}, int64_t{kBosId}, torch::kLong);
      for (int64_t t = 0; t < 4; ++t) {
        const auto expected = model->step(memory, state, previous_N, AttentionRequest::kMean);
        const auto got = traced_step(traced, traced_memory, traced_state, previous_N);
        CHECK(largest_difference(got.logits_NV, expected.logits_NV) < 1e-4);
        CHECK(largest_difference(got.attention_NS, expected.attention_NS) < 1e-5);
        const auto rows = t == 0 ? torch::arange(count).repeat_interleave(2) : torch::arange(2 * count).flip(0);
        state = expected.state.select(rows);
        traced_state = got.state.select(rows);
        previous_N = torch::randint(kNumSpecialTokens, kVocabulary, {2 * count}, torch::kLong);
      }
      if (!traced.has_decode) continue;
      const auto target_BT = torch::randint(kNumSpecialTokens, kVocabulary, {count, 6}, torch::kLong);
      const auto all_at_once = traced.module.get_method("decode")({source_BS, target_BT}).toTupleRef().elements()[0].toTensor();
      State at = model->start(memory);
      for (int64_t t = 0; t < 6; ++t) {
        const auto expected = model->step(memory, at, target_BT.select(1, t).contiguous(), AttentionRequest::kNone);
        CHECK(largest_difference(all_at_once.select(1, t), expected.logits_NV) < 1e-4);
        at = expected.state;
      }
    }
  }
}

}  // namespace attnzoo::test
