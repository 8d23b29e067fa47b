// Every family as its user gets it: saved as TorchScript, loaded again, searched by its own greedy and beam search.
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/serialization/import.h>

#include <sstream>

#include "data/special_tokens.h"
#include "eval/search.h"
#include "models/export/torchscript.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

torch::jit::Module saved_and_loaded(Seq2SeqModel& model, const TorchScriptOptions& options = {}) {
  std::stringstream archive;
  script_model(model, kVocabulary, options).save(archive);
  return torch::jit::load(archive);
}

torch::Tensor output(const c10::IValue& result, size_t i) { return result.toTupleRef().elements().at(i).toTensor(); }

std::vector<int32_t> ids_of(const torch::Tensor& ids_T, const torch::Tensor& length) {
  const auto real = ids_T.narrow(0, 0, length.item<int64_t>()).to(torch::kInt).contiguous();
  return {real.const_data_ptr<int32_t>(), real.const_data_ptr<int32_t>() + real.numel()};
}

// The first variant of every family; all variants' traces are compared in trace_test.cpp.
std::vector<const Subject*> one_a_family() {
  std::vector<const Subject*> chosen;
  std::string last;
  for (const auto& subject : subjects()) {
    const auto family = subject.name.substr(0, subject.name.find(','));
    if (family != last) chosen.push_back(&subject);
    last = family;
  }
  return chosen;
}

torch::Tensor test_source(const Seq2SeqModel& model, int64_t count) {
  return source_ids(model.reads_source() ? random_sentences(count, 9, 31) : std::vector<Sentence>(static_cast<size_t>(count)), 1);
}

}  // namespace

TEST_CASE("An exported model's greedy and beam search give the hypotheses, scores and attention of ours at any batch size") {
  for (const auto* subject : one_a_family()) {
    const auto model = subject->build(), original = subject->build();
    model->eval();
    original->eval();
    auto exported = saved_and_loaded(*model);
    const at::NoGradGuard no_grad;
    const auto source_BS = test_source(*original, 9);
    for (const auto& [beam, batch] : {std::pair<int64_t, int64_t>{1, 9}, {5, 9}, {5, 2}, {3, 1}}) {
      SearchOptions options;
      options.beam = beam;
      options.n_best = std::min<int64_t>(beam, 2);
      options.max_length = 12;
      options.min_length = beam == 3 ? 11 : 0;
      options.max_length_ratio = beam == 3 ? 0 : 3;  // the minimum length prevails
      options.patience = batch == 2 ? 0.2 : 1;       // as many as asked for come back all the same
      options.want_attention = true;
      const auto expected = search(*original, source_BS, options);
      for (int64_t begin = 0; begin < 9; begin += batch) {
        INFO(subject->name << ": beam " << beam << ", sentences from " << begin << ", " << batch << " at once");
        const auto rows = source_BS.narrow(0, begin, std::min(batch, 9 - begin));
        const auto result = exported.get_method("beam")({rows}, {{"beam", beam},
                                                                 {"n_best", options.n_best},
                                                                 {"max_length", options.max_length},
                                                                 {"min_length", options.min_length},
                                                                 {"max_length_ratio", options.max_length_ratio},
                                                                 {"patience", options.patience},
                                                                 {"want_attention", true}});
        const auto ids = output(result, 0), length = output(result, 1), log_probability = output(result, 2), score = output(result, 3),
                   attention = output(result, 4);
        for (int64_t b = 0; b < rows.size(0); ++b) {
          const auto& hypotheses = expected[static_cast<size_t>(begin + b)];
          for (int64_t n = 0; n < options.n_best; ++n) {
            if (n >= static_cast<int64_t>(hypotheses.size())) {
              CHECK(std::isinf(score[b][n].item<double>()));
              continue;
            }
            const auto& hypothesis = hypotheses[static_cast<size_t>(n)];
            CHECK(ids_of(ids[b][n], length[b][n]) == hypothesis.ids);
            CHECK(score[b][n].item<double>() == Approx(hypothesis.score).epsilon(1e-4));
            CHECK(log_probability[b][n].item<double>() == Approx(hypothesis.log_probability).epsilon(1e-4));
            const auto& weights_TS = hypothesis.attention_TS;
            const auto got_TS = attention[b][n].narrow(0, 0, weights_TS.size(0)).narrow(1, 0, weights_TS.size(1));
            CHECK(largest_difference(got_TS, weights_TS) < 1e-4);
          }
        }
        if (beam > 1) continue;
        const auto greedy = exported.get_method("greedy")({rows}, {{"max_length", options.max_length}, {"want_attention", true}});
        CHECK(output(greedy, 0).equal(ids.select(1, 0)));
        CHECK(output(greedy, 1).equal(length.select(1, 0)));
        CHECK(largest_difference(output(greedy, 2), log_probability.select(1, 0)) < 1e-9);
        CHECK(largest_difference(output(greedy, 3), attention.select(1, 0).narrow(1, 0, output(greedy, 3).size(1))) < 1e-6);
      }
    }
  }
}

TEST_CASE("An exported model goes on from given prefixes as our search does") {
  for (const auto* subject : one_a_family()) {
    const auto model = subject->build(), original = subject->build();
    model->eval();
    original->eval();
    if (model->says_label()) continue;
    auto exported = saved_and_loaded(*model);
    const at::NoGradGuard no_grad;
    const auto source_BS = test_source(*original, 4);
    const std::vector<SearchStart> starts = {{{5, 6, 7}, 0}, {{}, 1}, {{9}, 2}, {{8, 8}, 3}};
    const auto prefix_BP = torch::tensor({5, 6, 7, 0, 0, 0, 9, 0, 0, 8, 8, 0}, torch::kLong).view({4, 3});
    for (const int64_t beam : {1, 4}) {
      INFO(subject->name << ": beam " << beam);
      SearchOptions options;
      options.beam = beam;
      options.max_length = 8;
      const auto expected = search(*original, source_BS, options, starts);
      const auto result = exported.get_method(beam == 1 ? "greedy" : "beam")(
          {source_BS}, beam == 1 ? torch::jit::Kwargs{{"max_length", 8}, {"prefix", prefix_BP}}
                                 : torch::jit::Kwargs{{"max_length", 8}, {"prefix", prefix_BP}, {"beam", beam}});
      for (int64_t b = 0; b < 4; ++b) {
        const auto ids = output(result, 0)[b], length = output(result, 1)[b];
        const auto& hypothesis = expected[static_cast<size_t>(b)][0];
        CHECK((beam == 1 ? ids_of(ids, length) : ids_of(ids[0], length[0])) == hypothesis.ids);
        CHECK(output(result, 2)[b].view({-1})[0].item<double>() == Approx(hypothesis.log_probability).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("An exported classifier predicts the labels, probabilities and attention of our search") {
  for (const auto& subject : subjects()) {
    const auto model = subject.build(), original = subject.build();
    if (!model->says_label()) continue;
    model->eval();
    original->eval();
    auto exported = saved_and_loaded(*model);
    const at::NoGradGuard no_grad;
    const auto source_BS = test_source(*original, 5);
    SearchOptions options;
    options.beam = options.n_best = 3;
    options.want_attention = true;
    const auto expected = search(*original, source_BS, options);
    const auto result = exported.get_method("predict")({source_BS}, {{"n_best", 3}});
    for (int64_t b = 0; b < 5; ++b)
      for (int64_t n = 0; n < 3; ++n) {
        INFO(subject.name);
        const auto& hypothesis = expected[static_cast<size_t>(b)][static_cast<size_t>(n)];
        CHECK(output(result, 0)[b][n].item<int32_t>() == hypothesis.ids.at(0));
        CHECK(std::log(output(result, 1)[b][n].item<double>()) == Approx(hypothesis.log_probability).epsilon(1e-4));
        CHECK(largest_difference(output(result, 2)[b].narrow(0, 0, hypothesis.attention_TS.size(1)), hypothesis.attention_TS[0]) < 1e-5);
      }
  }
}

TEST_CASE("An exported model names no device, so that it runs where it is loaded") {
  for (const auto& subject : subjects()) {
    const auto model = subject.build();
    model->eval();
    auto module = script_model(*model, kVocabulary, {});
    // ATen packs sequences by lengths on the CPU, wherever the sequences are.
    const auto encoder = module.attr("encoder").toModule();
    const bool packs = encoder.hasattr("forward_0") && encoder.attr("forward_0").toModule().hasattr("weight_hh");
    for (const char* verb : {"encode", "start", "step"}) {
      INFO(subject.name << ": " << verb);
      const auto code = torch::jit::toGraphFunction(module.get_method(verb).function()).graph()->toString(false);
      size_t devices = 0;
      for (size_t at = code.find("Device = prim::Constant"); at != code.npos; at = code.find("Device = prim::Constant", at + 1)) ++devices;
      CHECK(devices == (packs && std::string(verb) == "encode" ? 1 : 0));
    }
  }
}

TEST_CASE("An exported model in bfloat16 or with int8 matrices stays near the model") {
  for (const auto* subject : one_a_family()) {
    const auto original = subject->build();
    original->eval();
    const at::NoGradGuard no_grad;
    const auto source_BS = test_source(*original, 6);
    const int64_t steps = original->says_label() ? 1 : 5;
    torch::manual_seed(3);
    auto target_BT = torch::randint(kNumSpecialTokens, kVocabulary, {6, steps}, torch::kLong);
    target_BT.select(1, 0).fill_(kBosId);
    const auto logits_of = [&](const TorchScriptOptions& options) {
      const auto model = subject->build();
      model->eval();
      auto exported = saved_and_loaded(*model, options);
      exported.get_method("beam")({source_BS}, {{"max_length", 6}});
      return exported.get_method("forward")({source_BS, target_BT}).toTensor().to(torch::kFloat);
    };
    INFO(subject->name);
    const auto exact = logits_of({}), deviation = exact - exact.mean();
    for (const auto& options : {TorchScriptOptions{torch::kBFloat16, false}, TorchScriptOptions{torch::kFloat, true}}) {
      const double error = (logits_of(options) - exact).norm().item<double>() / deviation.norm().item<double>();
      CHECK(error < 0.1);
    }
  }
}

}  // namespace attnzoo::test
