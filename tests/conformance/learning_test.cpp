// Every family can learn: it memorises ten pairs.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/optim/adam.h>

#include "data/special_tokens.h"
#include "models/layers/packing.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("Ten pairs are memorised") {
  at::set_num_threads(1);  // for tensors this small, waking a second thread costs more than it saves
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();  // no dropout, since the model should memorise
    auto sentences = random_sentences(10, 8, 32);
    // Without a source, the first word is unpredictable: each text begins with another one and is judged from the second on.
    for (size_t b = 0; b < sentences.size() && !model->reads_source(); ++b) sentences[b][0] = kNumSpecialTokens + static_cast<int64_t>(b);
    const auto batch = make_test_batch(*model, random_sentences(10, 8, 31), sentences);
    const auto targets = packed_targets_P(batch);
    const Packing packing(batch.target_length_B, batch.target_out_BT.size(1));
    const auto judged_P = packing.position_P >= (model->reads_source() ? 0 : 1);
    torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(5e-3));
    double accuracy = 0;
    for (int step = 0; step < 300 && accuracy < 1; ++step) {
      optimizer.zero_grad();
      const auto logits = model->forward(batch);
      at::nll_loss(at::log_softmax(logits, -1), targets).backward();
      optimizer.step();
      accuracy = logits.argmax(-1).eq(targets).masked_select(judged_P).to(torch::kDouble).mean().item<double>();
    }
    CHECK(accuracy == 1);
  }
  at::set_num_threads(2);
}

}  // namespace attnzoo::test
