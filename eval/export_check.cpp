#include "eval/export_check.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "data/error.h"
#include "data/special_tokens.h"
#include "eval/search.h"

namespace attnzoo {
namespace {

constexpr int64_t kSteps = 7, kBeam = 4;

// Sentences of 1 to `length` tokens; </s> alone for a language model.
torch::Tensor random_source(const LoadedModel& loaded, int64_t num_sentences, int64_t length) {
  if (!loaded.model->reads_source()) return torch::full({num_sentences, 1}, int64_t{kEosId}, torch::kLong);
  auto source_BS =
      torch::randint(kNumSpecialTokens, loaded.tokenizers.source->vocabulary_size(), {num_sentences, length + 1}, torch::kLong);
  for (int64_t b = 0; b < num_sentences; ++b) {
    const int64_t end = std::max<int64_t>(length - 2 * b, 1);
    source_BS[b][end] = kEosId;
    if (end < length) source_BS[b].narrow(0, end + 1, length - end).fill_(kPadId);
  }
  return source_BS;
}

torch::Tensor stepped_logits(Seq2SeqModel& model, const torch::Tensor& source_BS, const torch::Tensor& target_BT) {
  const Memory memory = model.encode(source_BS);
  State state = model.start(memory);
  std::vector<torch::Tensor> logits;
  for (int64_t t = 0; t < target_BT.size(1); ++t) {
    auto output = model.step(memory, state, target_BT.select(1, t).contiguous(), AttentionRequest::kNone);
    logits.push_back(output.logits_NV);
    state = std::move(output.state);
  }
  return at::stack(logits, 1);
}

double difference_of_logits(torch::jit::Module& exported, const LoadedModel& loaded, const torch::Tensor& source_BS) {
  auto& model = *loaded.model;
  const int64_t steps = model.says_label() ? 1 : kSteps;
  auto target_BT = torch::randint(kNumSpecialTokens, loaded.tokenizers.target->vocabulary_size(), {source_BS.size(0), steps}, torch::kLong);
  target_BT.select(1, 0).fill_(kBosId);
  const auto expected = stepped_logits(model, source_BS, target_BT);
  const auto got = exported.get_method("forward")({source_BS, target_BT}).toTensor().to(torch::kFloat);
  if (got.sizes() != expected.sizes()) return INFINITY;
  return (got - expected).abs().max().item<double>() / std::max(1.0, expected.abs().max().item<double>());
}

double difference_of_scores(torch::jit::Module& exported, const LoadedModel& loaded, const torch::Tensor& source_BS) {
  SearchOptions options;
  options.beam = kBeam;
  options.n_best = 2;
  options.max_length = kSteps;
  const auto expected = search(*loaded.model, source_BS, options);
  const auto result = exported.get_method("beam")({source_BS}, {{"beam", kBeam}, {"n_best", options.n_best}, {"max_length", kSteps}});
  const auto score_BN = result.toTupleRef().elements().at(3).toTensor();
  double largest = 0;
  for (size_t b = 0; b < expected.size(); ++b)
    for (size_t n = 0; n < expected[b].size(); ++n) {
      const double got = score_BN[static_cast<int64_t>(b)][static_cast<int64_t>(n)].item<double>();
      const double difference = std::abs(got - expected[b][n].score) / std::max(1.0, std::abs(expected[b][n].score));
      largest = std::max(largest, std::isfinite(difference) ? difference : INFINITY);
    }
  return largest;
}

}  // namespace

ExportDifference check_torchscript(const std::string& archive, const LoadedModel& loaded, const ExportDifference& allowed) {
  const at::NoGradGuard no_grad;
  ExportDifference largest;
  try {
    std::istringstream in(archive);
    auto exported = torch::jit::load(in);
    for (const auto& [num_sentences, length] : {std::pair<int64_t, int64_t>{1, 3}, {5, 11}}) {
      const auto source_BS = random_source(loaded, num_sentences, length);
      largest.logits = std::max(largest.logits, difference_of_logits(exported, loaded, source_BS));
      largest.scores = std::max(largest.scores, difference_of_scores(exported, loaded, source_BS));
      exported.get_method("greedy")({source_BS}, {{"max_length", kSteps}});
    }
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    fail<Error>("export: the exported model does not run: {}", error.what_without_backtrace());
  } catch (const std::runtime_error& error) {  // from TorchScript code
    fail<Error>("export: the exported model does not run: {}", error.what());
  }
  if (!(largest.logits <= allowed.logits && largest.scores <= allowed.scores))
    fail<Error>(
        "export: the exported model differs from the trained one by {:.2g} in its logits ({:.2g} is allowed) and {:.2g} in the scores "
        "of beam search ({:.2g}); nothing was written",
        largest.logits, allowed.logits, largest.scores, allowed.scores);
  return largest;
}

}  // namespace attnzoo
