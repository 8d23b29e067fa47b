#include "models/attention_rnn/attention_decoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "models/kernels/recurrent_cells.h"
#include "models/kernels/score_attention.h"
#include "models/layers/dropout.h"

namespace attnzoo {

AttentionDecoder::AttentionDecoder(const AttentionDecoderConfig& config, const EncoderShape& encoder)
    : kind_(cell_kind(config.cell)), config_(config) {
  bridge_ = add_linear(*this, "bridge", encoder.summary_dim, config.layers * num_state_tensors(kind_) * config.dim);
  for (int64_t l = 0; l < config.layers; ++l) {
    const int64_t input_dim = l == 0 ? config.embedding_dim + config.output_dim() : config.dim;
    cells_.push_back(register_module(fmt::format("cell_{}", l), std::make_shared<Cell>(kind_, input_dim, config.dim)));
    if (config.recurrent_norm == "layer") norms_.push_back(add_norm(*this, fmt::format("norm_{}", l).c_str(), "layer", config.dim));
  }
  attention_ = register_module("attention", std::make_shared<ScoreAttention>(config.attention, config.dim, encoder.memory_dim));
  readout_ = add_linear(*this, "readout", config.dim + encoder.memory_dim, config.output_dim());
}

std::vector<torch::Tensor> AttentionDecoder::initial_states(const EncodedSource& source) const {
  std::vector<torch::Tensor> states;
  for (const auto& part : bridge_->forward(source.encoder.summary(source.memory, source.rows)).split(config_.dim, -1))
    states.push_back(part.tanh());
  return states;
}

DecoderMasks AttentionDecoder::draw_masks(int64_t num_sentences) const {
  DecoderMasks masks;
  if (!is_training() || !config_.variational_dropout || config_.dropout == 0) return masks;
  const auto draw = [&](int64_t dim) {
    masks.list.push_back(sentence_dropout_mask(num_sentences, dim, config_.dropout, readout_->weight.options()));
  };
  draw(config_.output_dim());
  for (size_t l = 0; l < cells_.size(); ++l) {
    draw(l == 0 ? config_.embedding_dim : config_.dim);
    draw(config_.dim);
  }
  return masks;
}

State AttentionDecoder::start(const Memory& memory) const {
  State state;
  const auto zero_B = at::zeros_like(memory.per_sentence[0]);
  state.sentence_N = at::ones_like(zero_B).cumsum(0) - 1;
  const auto& first = memory.per_sentence[2];
  state.per_row.push_back(at::zeros_like(first.select(1, 0)).unsqueeze(-1).expand({-1, config_.output_dim()}).contiguous());
  state.per_row.insert(state.per_row.end(), memory.per_sentence.begin() + 2, memory.per_sentence.end());
  if (attention_->has_locality()) state.per_row.push_back(zero_B);
  if (attention_->has_coverage()) state.per_row.push_back(at::zeros_like(memory.memory_BSC.select(2, 0)));
  // Drawn here so that every step of a sentence has the same.
  if (is_training())
    for (const auto& mask : draw_masks(zero_B.size(0)).list) state.per_row.push_back(mask);
  return state;
}

ScoreAttention::Attended AttentionDecoder::attend_plain(const Memory& memory, const torch::Tensor& sentence_N,
                                                        const torch::Tensor& h_NH) const {
  const auto &memory_BSC = memory.memory_BSC, &keys_BSA = memory.per_sentence[1], &length_B = memory.per_sentence[0];
  const auto query_NA = attention_->project_query(h_NH);
  const int64_t num_rows = query_NA.size(0), num_keys = memory_BSC.size(1), memory_dim = memory_BSC.size(2);
  const auto *sentence = sentence_N.const_data_ptr<int64_t>(), *length = length_B.const_data_ptr<int64_t>();
  std::vector<kernels::ScoreRow> rows(static_cast<size_t>(num_rows));
  for (int64_t n = 0; n < num_rows; ++n) rows[static_cast<size_t>(n)] = {sentence[n] * num_keys, length[sentence[n]], n * num_keys};
  const Attended attended{torch::empty({num_rows, memory_dim}, query_NA.options()), torch::zeros({num_rows, num_keys}, query_NA.options())};
  const auto& vector = attention_->score_vector();
  const kernels::ScoreOperands operands{keys_BSA.const_data_ptr<float>(), memory_BSC.const_data_ptr<float>(),
                                        vector.defined() ? vector.const_data_ptr<float>() : nullptr, query_NA.size(1), memory_dim};
  kernels::score_attention_forward(rows.data(), num_rows, operands, query_NA.const_data_ptr<float>(), attended.context_NC.data_ptr<float>(),
                                   memory_dim, attended.weights_NS.data_ptr<float>());
  return attended;
}

ScoreAttention::Attended AttentionDecoder::attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& h_NH,
                                                  const torch::Tensor& position_N, const torch::Tensor& coverage_NS) const {
  const bool inference = !is_training() && kernels::use_inference_kernels(h_NH);
  if (inference && attention_->is_plain()) return attend_plain(memory, sentence_N, h_NH);
  const auto rows_of = [&](const torch::Tensor& per_sentence) { return per_sentence.index_select(0, sentence_N); };
  const ScoreAttention::Inputs inputs{h_NH,
                                      rows_of(memory.per_sentence[1]),
                                      rows_of(memory.memory_BSC),
                                      rows_of(memory.keep_BS),
                                      rows_of(memory.per_sentence[0]),
                                      position_N,
                                      coverage_NS};
  return inference ? attention_->attend_row_by_row(inputs) : attention_->attend(inputs);
}

DecoderStep AttentionDecoder::step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, bool want_attention) const {
  DecoderStep output;
  output.state.sentence_N = state.sentence_N;
  const int64_t per_cell = num_state_tensors(kind_);
  auto extra = state.per_row.begin() + 1 + static_cast<int64_t>(cells_.size()) * per_cell;
  const auto position_N = attention_->has_locality() ? *extra++ : torch::Tensor();
  const auto coverage_NS = attention_->has_coverage() ? *extra++ : torch::Tensor();
  const DecoderMasks masks{{extra, state.per_row.end()}};
  const auto drop = [&](const torch::Tensor& x, const torch::Tensor& mask) {
    return apply_dropout(x, config_.dropout, is_training(), mask);
  };
  auto input = at::cat({drop(embedded_NI, masks.input(0)), state.per_row[0]}, -1);
  std::vector<torch::Tensor> states;
  for (size_t l = 0; l < cells_.size(); ++l) {
    const auto first = state.per_row.begin() + 1 + static_cast<int64_t>(l) * per_cell;
    const auto next = cells_[l]->step(l == 0 ? input : drop(input, masks.input(l)), {first, first + per_cell}, masks.recurrent(l));
    states.insert(states.end(), next.begin(), next.end());
    const auto out = norms_.empty() ? next[0] : norms_[l]->forward(next[0]);
    input = config_.residual && l > 0 ? out + input : out;
  }
  const auto attended = attend(memory, state.sentence_N, input, position_N, coverage_NS);
  auto readout = readout_->forward(at::cat({input, attended.context_NC}, -1));
  if (!is_training() && kernels::use_inference_kernels(readout))
    kernels::tanh_rows(readout.size(0), readout.size(1), readout.data_ptr<float>());
  else
    readout = drop(readout.tanh(), masks.readout());
  output.states_ND = readout;
  if (want_attention) output.attention_NS = attended.weights_NS;
  output.state.per_row.push_back(readout);
  output.state.per_row.insert(output.state.per_row.end(), states.begin(), states.end());
  if (position_N.defined()) output.state.per_row.push_back(position_N + 1);
  if (coverage_NS.defined()) output.state.per_row.push_back(coverage_NS + attended.weights_NS);
  output.state.per_row.insert(output.state.per_row.end(), masks.list.begin(), masks.list.end());
  return output;
}

torch::Tensor AttentionDecoder::forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source) const {
  if (!rows.packing || !attention_->is_plain() || !norms_.empty()) return step_through(embedded, rows, source);
  // Input feeding's columns of the first cell's weight are left to the decoder pass.
  const auto masks = draw_masks(rows.length_B.size(0));
  const auto gx_P = at::linear(apply_dropout(embedded, config_.dropout, is_training(), rows.spread(masks.input(0))),
                               cells_[0]->weight_ih.narrow(1, 0, config_.embedding_dim), cells_[0]->bias_ih);
  const DecoderParts parts{
      cells_, attention_->query_weight(), attention_->score_vector(), readout_->weight, readout_->bias, config_.dropout, config_.residual,
      masks};
  return run_decoder(parts, gx_P, project_memory(source.memory)[0], source.memory, initial_states(source), *rows.packing,
                     *source.rows.packing, is_training());
}

}  // namespace attnzoo
