// A model whose logits are a function of (source, target prefix) given by a test, for searches whose right result is known.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "data/special_tokens.h"
#include "models/seq2seq_model.h"

namespace attnzoo::test {

using Ids = std::vector<int64_t>;

class TableModel : public Seq2SeqModel {
 public:
  // logits(source without padding, prefix without <s>) -> V logits.
  using Logits = std::function<std::vector<float>(const Ids& source, const Ids& prefix)>;
  TableModel(int64_t vocabulary_size, Logits logits) : vocabulary_size_(vocabulary_size), logits_(std::move(logits)) { eval(); }

  Memory encode(const torch::Tensor& source_BS) override {
    Memory memory;
    memory.keep_BS = source_BS.ne(kPadId);
    memory.memory_BSC = source_BS.to(torch::kFloat).unsqueeze(-1);
    memory.source_BS = source_BS;
    return memory;
  }

  State start(const Memory& memory) override {
    const auto num_sentences = memory.keep_BS.size(0);
    return {torch::arange(num_sentences), {torch::zeros({num_sentences, 0}, torch::kLong)}, {}, {}};
  }

  StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, AttentionRequest request) override {
    ++num_steps;
    num_rows += previous_N.size(0);
    StepOutput output;
    output.state.sentence_N = state.sentence_N;
    output.state.per_row = {torch::cat({state.per_row[0], previous_N.unsqueeze(1)}, 1)};
    std::vector<torch::Tensor> rows;
    for (int64_t n = 0; n < previous_N.size(0); ++n) {
      const auto sentence = state.sentence_N[n].item<int64_t>();
      auto prefix = values(output.state.per_row[0][n]);
      prefix.erase(prefix.begin());
      rows.push_back(torch::tensor(logits_(values(memory.source_BS[sentence].masked_select(memory.keep_BS[sentence])), prefix)));
    }
    output.logits_NV = torch::stack(rows);
    if (request != AttentionRequest::kNone) {
      // Step t attends to source position t, in the padded width of the batch.
      const auto position = std::min<int64_t>(state.per_row[0].size(1), memory.keep_BS.size(1) - 1);
      output.attention_NS = torch::zeros({previous_N.size(0), memory.keep_BS.size(1)});
      output.attention_NS.select(1, position).fill_(1);
    }
    return output;
  }

  TeacherForced forward_states(const Batch& batch) override {
    std::vector<torch::Tensor> rows;
    for (int64_t b = 0; b < batch.source_BS.size(0); ++b) {
      const auto source = values(batch.source_BS[b].narrow(0, 0, batch.source_length_B[b].item<int64_t>()));
      Ids prefix;
      for (int64_t t = 0; t < batch.target_length_B[b].item<int64_t>(); ++t) {
        rows.push_back(torch::tensor(logits_(source, prefix)));
        prefix.push_back(batch.target_out_BT[b][t].item<int64_t>());
      }
    }
    return {torch::stack(rows), {}, {}};
  }
  torch::Tensor output_weight_VD() const override { return torch::eye(vocabulary_size_); }
  torch::Tensor output_bias_V() const override { return {}; }

  static Ids values(const torch::Tensor& ids) {
    const auto row = ids.contiguous();
    return {row.const_data_ptr<int64_t>(), row.const_data_ptr<int64_t>() + row.numel()};
  }

  std::atomic<int64_t> num_steps = 0, num_rows = 0;

 private:
  int64_t vocabulary_size_;
  Logits logits_;
};

// Pseudo-random logits, a pure function of (seed, source, prefix), roughly normal with the given spread; </s> becomes likelier with the
// length.
inline TableModel::Logits hashed_logits(int64_t vocabulary_size, uint64_t seed, double spread = 2.0, double eos_growth = 0.2) {
  return [=](const Ids& source, const Ids& prefix) {
    uint64_t hash = seed * 0x9E3779B97F4A7C15ULL + 1;
    const auto mix = [&hash](uint64_t value) {
      hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
      hash *= 0xBF58476D1CE4E5B9ULL;
      hash ^= hash >> 31;
    };
    for (const auto id : source) mix(static_cast<uint64_t>(id));
    mix(1000003);
    for (const auto id : prefix) mix(static_cast<uint64_t>(id));
    std::vector<float> logits;
    for (int64_t v = 0; v < vocabulary_size; ++v) {
      double sum = 0;
      for (int i = 0; i < 4; ++i) {
        mix(static_cast<uint64_t>(v));
        sum += static_cast<double>(hash >> 40) / static_cast<double>(1 << 24) - 0.5;
      }
      logits.push_back(static_cast<float>(sum * spread * 1.7));
    }
    logits[kEosId] += static_cast<float>(eos_growth * static_cast<double>(prefix.size()));
    return logits;
  };
}

// Rows of ids, each with </s> appended, padded to the longest plus `extra_padding`.
inline torch::Tensor source_rows(const std::vector<Ids>& sentences, int64_t extra_padding = 0) {
  size_t longest = 0;
  for (const auto& ids : sentences) longest = std::max(longest, ids.size() + 1);
  auto rows = torch::full({static_cast<int64_t>(sentences.size()), static_cast<int64_t>(longest) + extra_padding}, kPadId, torch::kLong);
  for (size_t b = 0; b < sentences.size(); ++b) {
    auto ids = sentences[b];
    ids.push_back(kEosId);
    rows[static_cast<int64_t>(b)].narrow(0, 0, static_cast<int64_t>(ids.size())).copy_(torch::tensor(ids));
  }
  return rows;
}

}  // namespace attnzoo::test
