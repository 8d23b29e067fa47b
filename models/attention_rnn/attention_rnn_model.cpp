#include "models/attention_rnn/attention_rnn_model.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/special_tokens.h"
#include "models/kernels/recurrent_cells.h"
#include "models/kernels/score_attention.h"
#include "models/layers/dropout.h"

namespace attnzoo {

AttentionRnnModel::AttentionRnnModel(CellKind kind, const AttentionRnnConfig& config, const VocabularySizes& sizes)
    : kind_(kind), config_(config), embeddings_(*this, sizes, config.embedding_dim, config.output_dim(), config.tied_embeddings, 0.1) {
  encoder_ = register_module("encoder", std::make_shared<BidirectionalEncoder>(kind, config.embedding_dim, config.encoder_dim / 2,
                                                                               config.encoder_layers, config.dropout));
  const bool additive = config.attention == "additive";
  const int64_t attention_dim = additive ? config.attention_dim : config.encoder_dim;
  bridge_ = add_linear(*this, "bridge", config.encoder_dim, config.decoder_layers * num_state_tensors(kind) * config.decoder_dim);
  for (int64_t l = 0; l < config.decoder_layers; ++l) {
    const int64_t input_dim = l == 0 ? config.embedding_dim + config.output_dim() : config.decoder_dim;
    cells_.push_back(register_module(fmt::format("decoder_{}", l), std::make_shared<Cell>(kind, input_dim, config.decoder_dim)));
  }
  query_ = add_linear(*this, "attention_query", config.decoder_dim, attention_dim, /*with_bias=*/false);
  if (additive) {
    key_ = add_linear(*this, "attention_key", config.encoder_dim, attention_dim);
    const double bound = std::sqrt(3.0 / static_cast<double>(attention_dim));
    score_vector_A_ = register_parameter("attention_vector", torch::empty({attention_dim}).uniform_(-bound, bound));
  }
  readout_ = add_linear(*this, "readout", config.decoder_dim + config.encoder_dim, config.output_dim());
}

torch::Tensor AttentionRnnModel::embed(const Embedding& table, const torch::Tensor& ids) const {
  return apply_dropout(table.forward(ids), config_.dropout, is_training());
}

std::vector<torch::Tensor> AttentionRnnModel::initial_state(const torch::Tensor& last_forward_BE,
                                                            const torch::Tensor& last_backward_BE) const {
  const auto ends = bridge_->forward(at::cat({last_forward_BE, last_backward_BE}, -1));
  std::vector<torch::Tensor> states;
  for (const auto& part : ends.split(config_.decoder_dim, -1)) states.push_back(part.tanh());
  return states;
}

Memory AttentionRnnModel::encode(const torch::Tensor& source_BS) {
  Memory memory;
  memory.keep_BS = source_BS.ne(kPadId);
  const auto length_B = memory.keep_BS.sum(1);
  memory.per_sentence.push_back(length_B);
  if (runs_packed(source_BS)) {
    const Packing packing(length_B, source_BS.size(1));
    const auto packed = encoder_->forward_packed(embed(*embeddings_.source, packing.pack(source_BS)), packing);
    memory.memory_BSC = packing.unpack(packed);
    memory.per_sentence.push_back(key_ ? packing.unpack(keys(packed)) : memory.memory_BSC);
  } else {
    memory.memory_BSC = encoder_->forward_padded(embed(*embeddings_.source, source_BS), length_B);
    memory.per_sentence.push_back(keys(memory.memory_BSC));
  }
  const int64_t half = config_.encoder_dim / 2;
  const auto last = (length_B - 1).unsqueeze(-1).unsqueeze(-1).expand({-1, 1, half});
  const auto states =
      initial_state(memory.memory_BSC.narrow(2, 0, half).gather(1, last).squeeze(1), memory.memory_BSC.narrow(2, half, half).select(1, 0));
  memory.per_sentence.insert(memory.per_sentence.end(), states.begin(), states.end());
  return memory;
}

State AttentionRnnModel::start(const Memory& memory) {
  State state;
  state.sentence_N = at::ones_like(memory.per_sentence[0]).cumsum(0) - 1;
  const auto& first = memory.per_sentence[2];
  state.per_row.push_back(at::zeros_like(first.select(1, 0)).unsqueeze(-1).expand({-1, config_.output_dim()}).contiguous());
  state.per_row.insert(state.per_row.end(), memory.per_sentence.begin() + 2, memory.per_sentence.end());
  return state;
}

AttentionRnnModel::Attended AttentionRnnModel::attend(const Memory& memory, const torch::Tensor& query_NA, const torch::Tensor& sentence_N,
                                                      bool want_weights) const {
  const auto &memory_BSC = memory.memory_BSC, &keys_BSA = memory.per_sentence[1], &length_B = memory.per_sentence[0];
  if (!kernels::use_inference_kernels(query_NA)) {
    const auto keys_NSA = keys_BSA.index_select(0, sentence_N);
    const auto scores_NS = score_vector_A_.defined() ? (query_NA.unsqueeze(1) + keys_NSA).tanh().matmul(score_vector_A_)
                                                     : keys_NSA.matmul(query_NA.unsqueeze(-1)).squeeze(-1);
    const auto weights_NS = scores_NS.masked_fill(memory.keep_BS.index_select(0, sentence_N).logical_not(), -1e9).softmax(-1);
    return {weights_NS.unsqueeze(1).matmul(memory_BSC.index_select(0, sentence_N)).squeeze(1), weights_NS};
  }
  const int64_t num_rows = query_NA.size(0), num_keys = memory_BSC.size(1), memory_dim = memory_BSC.size(2);
  const auto *sentence = sentence_N.const_data_ptr<int64_t>(), *length = length_B.const_data_ptr<int64_t>();
  std::vector<kernels::ScoreRow> rows(static_cast<size_t>(num_rows));
  for (int64_t n = 0; n < num_rows; ++n) rows[static_cast<size_t>(n)] = {sentence[n] * num_keys, length[sentence[n]], n * num_keys};
  Attended attended{torch::empty({num_rows, memory_dim}, query_NA.options()), {}};
  attended.weights_NS =
      want_weights ? torch::zeros({num_rows, num_keys}, query_NA.options()) : torch::empty({num_rows, num_keys}, query_NA.options());
  const kernels::ScoreOperands operands{keys_BSA.const_data_ptr<float>(), memory_BSC.const_data_ptr<float>(),
                                        score_vector_A_.defined() ? score_vector_A_.const_data_ptr<float>() : nullptr, query_NA.size(1),
                                        memory_dim};
  kernels::score_attention_forward(rows.data(), num_rows, operands, query_NA.const_data_ptr<float>(), attended.context_NC.data_ptr<float>(),
                                   memory_dim, attended.weights_NS.data_ptr<float>());
  return attended;
}

StepOutput AttentionRnnModel::step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) {
  StepOutput output;
  output.state.sentence_N = state.sentence_N;
  auto input = at::cat({embed(*embeddings_.target, previous_N), state.per_row[0]}, -1);
  std::vector<torch::Tensor> states;
  const int64_t per_cell = num_state_tensors(kind_);
  for (size_t l = 0; l < cells_.size(); ++l) {
    const auto first = state.per_row.begin() + 1 + static_cast<int64_t>(l) * per_cell;
    const auto next = cells_[l]->step(input, {first, first + per_cell});
    states.insert(states.end(), next.begin(), next.end());
    input = l + 1 < cells_.size() ? apply_dropout(next[0], config_.dropout, is_training()) : next[0];
  }
  const auto attended = attend(memory, query_->forward(input), state.sentence_N, want_attention);
  auto readout = readout_->forward(at::cat({input, attended.context_NC}, -1));
  if (!is_training() && kernels::use_inference_kernels(readout))
    kernels::tanh_rows(readout.size(0), readout.size(1), readout.data_ptr<float>());
  else
    readout = apply_dropout(readout.tanh(), config_.dropout, is_training());
  output.logits_NV = logits(readout);
  if (want_attention) output.attention_NS = attended.weights_NS;
  output.state.per_row.push_back(readout);
  output.state.per_row.insert(output.state.per_row.end(), states.begin(), states.end());
  return output;
}

torch::Tensor AttentionRnnModel::stepped_states(const Batch& batch) {
  const Memory memory = encode(batch.source_BS);
  State state = start(memory);
  std::vector<torch::Tensor> states;
  for (int64_t t = 0; t < batch.target_in_BT.size(1); ++t) {
    state = step(memory, state, batch.target_in_BT.select(1, t), false).state;
    states.push_back(state.per_row[0]);
  }
  return Packing(batch.target_length_B, batch.target_in_BT.size(1)).pack(at::stack(states, 1));
}

torch::Tensor AttentionRnnModel::forward_states(const Batch& batch) {
  if (!runs_packed(batch.source_BS)) return stepped_states(batch);
  const Packing source(batch.source_length_B, batch.source_BS.size(1)), target(batch.target_length_B, batch.target_in_BT.size(1));
  const auto memory_PC = encoder_->forward_packed(embed(*embeddings_.source, source.pack(batch.source_BS)), source);
  const int64_t half = config_.encoder_dim / 2;
  const auto offsets = torch::tensor(source.offsets, torch::kLong);
  const auto first_B = offsets.narrow(0, 0, source.num_sentences), last_B = offsets.narrow(0, 1, source.num_sentences) - 1;
  const auto initial =
      initial_state(memory_PC.narrow(1, 0, half).index_select(0, last_B), memory_PC.narrow(1, half, half).index_select(0, first_B));
  const auto embedded = embed(*embeddings_.target, target.pack(batch.target_in_BT));
  // Input feeding's columns of the first cell's weight are left to the decoder pass.
  const auto gx_P = at::linear(embedded, cells_[0]->weight_ih.narrow(1, 0, config_.embedding_dim), cells_[0]->bias_ih);
  const DecoderParts parts{cells_, query_->weight, score_vector_A_, readout_->weight, readout_->bias, config_.dropout};
  return run_decoder(parts, gx_P, keys(memory_PC), memory_PC, initial, target, source, is_training());
}

namespace {

ModelFamily attention_rnn_family(const char* name, const char* summary, CellKind kind) {
  ModelFamily family;
  family.name = name;
  family.summary = summary;
  family.presets = {
      {"tiny", R"({"embedding_dim": 128, "encoder_dim": 256, "decoder_dim": 256, "attention_dim": 128, "dropout": 0.2})"},
      {"small", R"({"embedding_dim": 256, "encoder_dim": 512, "decoder_dim": 512, "attention_dim": 256, "dropout": 0.2})"},
      {"base",
       R"({"embedding_dim": 512, "encoder_dim": 1024, "decoder_dim": 1024, "attention_dim": 512, "encoder_layers": 2, "decoder_layers": 2, "dropout": 0.2})"}};
  family.conformance_variants = {
      {"additive", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "attention_dim": 16})"},
      {"general, two layers", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "encoder_layers": 2, "decoder_layers": 2,
                                  "attention": "general", "tied_embeddings": "decoder"})"},
      {"untied, odd widths", R"({"embedding_dim": 15, "encoder_dim": 22, "decoder_dim": 19, "attention_dim": 13, "readout_dim": 17,
                                 "tied_embeddings": "none", "decoder_layers": 2})"}};
  family.complete = [](const nlohmann::json& fields) { return AttentionRnnConfig::from_json(fields).to_json(); };
  family.build = [kind](const nlohmann::json& fields, const VocabularySizes& sizes) -> std::shared_ptr<Seq2SeqModel> {
    return std::make_shared<AttentionRnnModel>(kind, AttentionRnnConfig::from_json(fields), sizes);
  };
  return family;
}

}  // namespace

ModelFamily attention_lstm_family() {
  return attention_rnn_family("attention-lstm", "bidirectional LSTM encoder, LSTM decoder with attention and input feeding",
                              CellKind::kLstm);
}

ModelFamily attention_gru_family() {
  return attention_rnn_family("attention-gru", "bidirectional GRU encoder, GRU decoder with attention and input feeding", CellKind::kGru);
}

}  // namespace attnzoo
