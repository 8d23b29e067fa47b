#include "tests/conformance/subjects.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <random>

#include "data/special_tokens.h"
#include "models/copying.h"
#include "models/layers/packing.h"
#include "models/registry.h"

namespace attnzoo::test {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> list;
    for (const auto& family : model_families())
      for (const auto& variant : family.conformance_variants)
        list.push_back({family.name + ", " + variant.name, [&family, &variant] {
                          auto config = nlohmann::json::parse(variant.fields);
                          config["family"] = family.name;
                          torch::manual_seed(17);
                          auto model = build_model(config, {kVocabulary, kVocabulary, true});
                          // Weights larger than a fresh model's, so that a wrong input cannot hide behind small activations.
                          const at::NoGradGuard no_grad;
                          for (auto& parameter : model->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
                          // Running statistics as after some training; variances stay positive.
                          for (auto& buffer : model->buffers()) buffer.add_(torch::rand_like(buffer));
                          return model;
                        }});
    return list;
  }();
  return all;
}

std::vector<Sentence> random_sentences(int64_t count, int64_t max_length, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Sentence> sentences(static_cast<size_t>(count));
  for (auto& sentence : sentences) {
    sentence.resize(1 + random() % static_cast<uint64_t>(max_length));
    for (auto& id : sentence)
      id = kNumSpecialTokens + static_cast<int64_t>(random() % static_cast<uint64_t>(kVocabulary - kNumSpecialTokens));
  }
  return sentences;
}

namespace {

torch::Tensor padded(const std::vector<Sentence>& sentences, int64_t extra) {
  size_t longest = 0;
  for (const auto& sentence : sentences) longest = std::max(longest, sentence.size());
  auto ids = torch::full({static_cast<int64_t>(sentences.size()), static_cast<int64_t>(longest) + extra}, int64_t{kPadId}, torch::kLong);
  for (size_t b = 0; b < sentences.size(); ++b)
    for (size_t s = 0; s < sentences[b].size(); ++s) ids[static_cast<int64_t>(b)][static_cast<int64_t>(s)] = sentences[b][s];
  return ids;
}

std::vector<Sentence> framed(std::vector<Sentence> sentences, bool begin, bool end) {
  for (auto& sentence : sentences) {
    if (begin) sentence.insert(sentence.begin(), kBosId);
    if (end) sentence.push_back(kEosId);
  }
  return sentences;
}

}  // namespace

torch::Tensor source_ids(const std::vector<Sentence>& sentences, int64_t extra) { return padded(framed(sentences, false, true), extra); }

Batch make_test_batch(const Seq2SeqModel& model, std::vector<Sentence> sources, std::vector<Sentence> targets) {
  Batch batch;
  const bool label = model.says_label();
  if (!model.reads_source())
    for (auto& sentence : sources) sentence.clear();
  if (label)
    for (auto& sentence : targets) sentence.resize(1);
  batch.source_BS = source_ids(sources);
  batch.target_in_BT = padded(label ? std::vector<Sentence>(targets.size(), {kBosId}) : framed(targets, true, false), 0);
  batch.target_out_BT = padded(framed(targets, false, !label), 0);
  batch.source_length_B = batch.source_BS.ne(kPadId).sum(1);
  batch.target_length_B = batch.target_in_BT.ne(kPadId).sum(1);
  batch.num_source_tokens = batch.source_length_B.sum().item<int64_t>();
  batch.num_target_tokens = batch.target_length_B.sum().item<int64_t>();
  for (size_t b = 0; b < sources.size(); ++b) batch.pair_ids.push_back(static_cast<int64_t>(b));
  return batch;
}

torch::Tensor stepped_logits(const InferenceModel& model, const Batch& batch, int64_t extra_padding) {
  const at::NoGradGuard no_grad;
  const Memory memory = model->encode(at::constant_pad_nd(batch.source_BS, {0, extra_padding}, int64_t{kPadId}));
  State state = model->start(memory);
  std::vector<torch::Tensor> logits;
  for (int64_t t = 0; t < batch.target_in_BT.size(1); ++t) {
    auto output = model->step(memory, state, batch.target_in_BT.select(1, t).contiguous(), AttentionRequest::kNone);
    logits.push_back(output.logits_NV);
    state = output.state;
  }
  return Packing(batch.target_length_B, batch.target_in_BT.size(1)).pack(at::stack(logits, 1));
}

torch::Tensor loss_of(Seq2SeqModel& model, const Batch& batch) {
  const auto forced = model.forward_states(batch);
  auto logits_PV = at::linear(forced.states_PD, model.output_weight_VD(), model.output_bias_V());
  if (forced.copy) logits_PV = copy_logits(logits_PV, *forced.copy);
  const auto loss = at::nll_loss(at::log_softmax(logits_PV, -1), packed_targets_P(batch));
  return forced.penalty.defined() ? loss + 0.1 * forced.penalty : loss;
}

bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  const auto width = std::min(a.size(-1), b.size(-1));
  return a.narrow(-1, 0, width).equal(b.narrow(-1, 0, width));
}

}  // namespace attnzoo::test
