#include "models/attention_rnn/attention_decoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "models/kernels/recurrent_cells.h"
#include "models/kernels/score_attention.h"
#include "models/layers/dropout.h"
#include "models/layers/linear_pass.h"
#include "models/recurrent/initial_states.h"
#include "models/recurrent/sequence_pass.h"

namespace attnzoo {

AttentionDecoder::AttentionDecoder(const AttentionDecoderConfig& config, const EncoderShape& encoder)
    : kind_(cell_kind(config.cell)), config_(config) {
  const bool has_source = encoder.memory_dim > 0;
  if (has_source) bridge_ = add_linear(*this, "bridge", encoder.summary_dim, config.layers * num_state_tensors(kind_) * config.dim);
  for (int64_t l = 0; l < config.layers; ++l) {
    const int64_t input_dim = l > 0 ? config.dim : config.embedding_dim + (has_source ? config.output_dim() : 0);
    cells_.push_back(register_module(fmt::format("cell_{}", l), std::make_shared<Cell>(kind_, input_dim, config.dim)));
    if (config.recurrent_norm == "layer") norms_.push_back(add_norm(*this, fmt::format("norm_{}", l).c_str(), "layer", config.dim));
  }
  if (has_source)
    attention_ = register_module("attention", std::make_shared<ScoreAttention>(config.attention, config.dim, encoder.memory_dim));
  readout_ = add_linear(*this, "readout", config.dim + encoder.memory_dim, config.output_dim());
}

std::vector<torch::Tensor> AttentionDecoder::initial_states(const EncodedSource& source) const {
  return initial_recurrent_states(bridge_.get(), source, config_.layers * num_state_tensors(kind_), config_.dim);
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
  State state = one_row_a_sentence(memory);
  const auto zero_B = at::zeros_like(memory.length_B);
  state.per_row.push_back(at::zeros_like(memory.initial[0].select(1, 0)).unsqueeze(-1).expand({-1, config_.output_dim()}).contiguous());
  state.per_row.insert(state.per_row.end(), memory.initial.begin(), memory.initial.end());
  if (attention_ && attention_->has_locality()) state.per_row.push_back(zero_B);
  if (attention_ && attention_->has_coverage()) state.per_row.push_back(at::zeros_like(memory.memory_BSC.select(2, 0)));
  // Drawn here, so that all steps of a sentence share them.
  if (is_training())
    for (const auto& mask : draw_masks(zero_B.size(0)).list) state.per_row.push_back(mask);
  return state;
}

AttentionDecoder::Attended AttentionDecoder::attend_plain(const Memory& memory, const torch::Tensor& sentence_N,
                                                          const torch::Tensor& h_NH) const {
  const auto &memory_BSC = memory.memory_BSC, &keys_BSA = memory.projected[0], &length_B = memory.length_B;
  const auto query_NA = attention_->project_query(h_NH);
  const int64_t num_rows = query_NA.size(0), num_keys = memory_BSC.size(1), memory_dim = memory_BSC.size(2);
  const auto *sentence = sentence_N.const_data_ptr<int64_t>(), *length = length_B.const_data_ptr<int64_t>();
  std::vector<kernels::ScoreRow> rows(static_cast<size_t>(num_rows));
  for (int64_t n = 0; n < num_rows; ++n) rows[static_cast<size_t>(n)] = {sentence[n] * num_keys, length[sentence[n]], n * num_keys};
  Attended attended{torch::empty({num_rows, memory_dim}, query_NA.options()), torch::zeros({num_rows, num_keys}, query_NA.options()), {}};
  attended.heads_NHS = attended.weights_NS.unsqueeze(1);
  const auto& vector = attention_->score_vector();
  const kernels::ScoreOperands operands{keys_BSA.const_data_ptr<float>(), memory_BSC.const_data_ptr<float>(),
                                        vector.defined() ? vector.const_data_ptr<float>() : nullptr, query_NA.size(1), memory_dim};
  kernels::score_attention_forward(rows.data(), num_rows, operands, query_NA.const_data_ptr<float>(), attended.context_NC.data_ptr<float>(),
                                   memory_dim, attended.weights_NS.data_ptr<float>());
  return attended;
}

AttentionDecoder::Attended AttentionDecoder::attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& h_NH,
                                                    const torch::Tensor& position_N, const torch::Tensor& coverage_NS) const {
  if (!attention_) return {memory.memory_BSC.select(1, 0).index_select(0, sentence_N), attention_to_nothing(memory, sentence_N), {}};
  if (frozen() && attention_->is_plain()) return attend_plain(memory, sentence_N, h_NH);
  const auto rows_of = [&](const torch::Tensor& of_sentence) { return of_sentence.index_select(0, sentence_N); };
  const auto one_query = [](const torch::Tensor& x) { return x.defined() ? x.unsqueeze(1) : x; };
  const ScoreAttention::Inputs inputs{
      one_query(h_NH),          rows_of(memory.projected[0]), rows_of(memory.memory_BSC), one_query(rows_of(memory.keep_BS)),
      rows_of(memory.length_B), one_query(position_N),        one_query(coverage_NS)};
  const auto attended = frozen() ? attention_->attend_row_by_row(inputs) : attention_->attend(inputs);
  return {attended.context_NQC.squeeze(1), attended.weights_NQS.squeeze(1), attended.heads_NHQS.squeeze(2)};
}

DecoderStep AttentionDecoder::step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI,
                                   AttentionRequest request) const {
  DecoderStep output;
  output.state.sentence_N = state.sentence_N;
  const int64_t per_cell = num_state_tensors(kind_);
  auto extra = state.per_row.begin() + 1 + static_cast<int64_t>(cells_.size()) * per_cell;
  const auto position_N = attention_ && attention_->has_locality() ? *extra++ : torch::Tensor();
  const auto coverage_NS = attention_ && attention_->has_coverage() ? *extra++ : torch::Tensor();
  const DecoderMasks masks{{extra, state.per_row.end()}};
  const auto drop = [&](const torch::Tensor& x, const torch::Tensor& mask) {
    return apply_dropout(x, config_.dropout, is_training(), mask);
  };
  auto input = drop(embedded_NI, masks.input(0));
  if (attention_) input = at::cat({input, state.per_row[0]}, -1);
  std::vector<torch::Tensor> states;
  for (size_t l = 0; l < cells_.size(); ++l) {
    const auto first = state.per_row.begin() + 1 + static_cast<int64_t>(l) * per_cell;
    const auto next = cells_[l]->step(l == 0 ? input : drop(input, masks.input(l)), {first, first + per_cell}, masks.recurrent(l));
    states.insert(states.end(), next.begin(), next.end());
    input = layer_output(l, next[0], input);
  }
  const auto attended = attend(memory, state.sentence_N, input, position_N, coverage_NS);
  auto readout = readout_->forward(at::cat({input, attended.context_NC}, -1));
  if (frozen())
    kernels::tanh_rows(readout.size(0), readout.size(1), readout.data_ptr<float>());
  else
    readout = drop(readout.tanh(), masks.readout());
  output.states_ND = readout;
  if (request != AttentionRequest::kNone) output.attention_NS = attended.weights_NS;
  if (request == AttentionRequest::kHeads && attention_) output.heads.source_NHS.push_back(attended.heads_NHS);
  output.state.per_row.push_back(readout);
  output.state.per_row.insert(output.state.per_row.end(), states.begin(), states.end());
  if (position_N.defined()) output.state.per_row.push_back(position_N + 1);
  if (coverage_NS.defined()) output.state.per_row.push_back(coverage_NS + attended.weights_NS);
  output.state.per_row.insert(output.state.per_row.end(), masks.list.begin(), masks.list.end());
  return output;
}

torch::Tensor AttentionDecoder::layer_output(size_t layer, const torch::Tensor& h, const torch::Tensor& input) const {
  const auto normed = norms_.empty() ? h : norms_[layer]->forward(h);
  return config_.residual && layer > 0 ? normed + input : normed;
}

torch::Tensor AttentionDecoder::forward_alone(const torch::Tensor& embedded, const Rows& rows) const {
  const TimeMajor order(*rows.packing, false);
  const auto masks = draw_masks(rows.length_B.size(0));
  const auto drop = [&](const torch::Tensor& x, const torch::Tensor& mask) {
    return apply_dropout(x, config_.dropout, is_training(), rows.spread(mask));
  };
  auto x_P = embedded;
  for (size_t l = 0; l < cells_.size(); ++l)
    x_P = layer_output(l, run_sequence(*cells_[l], drop(x_P, masks.input(l)), order, masks.recurrent(l)), x_P);
  return drop(readout_->forward(x_P).tanh(), masks.readout());
}

DecoderStates AttentionDecoder::forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                        bool want_attention) const {
  if (rows.packing && !attention_ && !want_attention) return {forward_alone(embedded, rows), {}};
  if (!rows.packing || !attention_ || !attention_->is_plain() || !norms_.empty() || want_attention)
    return step_through(embedded, rows, source, want_attention);
  // The decoder pass adds the columns of the first cell's weight that read input feeding.
  const auto masks = draw_masks(rows.length_B.size(0));
  const auto gx_P = linear_pass(apply_dropout(embedded, config_.dropout, is_training(), rows.spread(masks.input(0))),
                                cells_[0]->weight_ih.narrow(1, 0, config_.embedding_dim), cells_[0]->bias_ih);
  const DecoderParts parts{
      cells_, attention_->query_weight(), attention_->score_vector(), readout_->weight, readout_->bias, config_.dropout, config_.residual,
      masks};
  return {run_decoder(parts, gx_P, project_memory(source.memory)[0], source.memory, initial_states(source), *rows.packing,
                      *source.rows.packing, is_training()),
          {}};
}

}  // namespace attnzoo
