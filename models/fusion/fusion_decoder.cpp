#include "models/fusion/fusion_decoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "data/error.h"
#include "models/attention/multi_head_attention.h"
#include "models/layers/dropout.h"
#include "models/recurrent/initial_states.h"

namespace attnzoo {

FusionDecoder::FusionDecoder(const FusionConfig& config, const EncoderShape& encoder)
    : config_(config), causal_(config.form == "causal"), has_source_(encoder.memory_dim > 0) {
  if (!has_source_ && !causal_) fail<ConfigError>("model.form: 'two-sided' attends to a source, but model.encoder is 'none'; use 'causal'");
  const auto kind = cell_kind(config.cell);
  if (config.embedding_dim != config.dim) input_ = add_linear(*this, "input", config.embedding_dim, config.dim);
  if (has_source_ && encoder.memory_dim != config.dim) memory_ = add_linear(*this, "memory", encoder.memory_dim, config.dim);
  if (has_source_) bridge_ = add_linear(*this, "bridge", encoder.summary_dim, config.layers * num_state_tensors(kind) * config.dim);
  for (int64_t l = 0; l < config.layers; ++l)
    layers_.push_back(
        register_module(fmt::format("layer_{}", l), std::make_shared<FusionLayer>(kind, config.dim, config.fusion == "multiply")));
}

std::vector<torch::Tensor> FusionDecoder::project_memory(const torch::Tensor& memory) const {
  // Without a source, only its width and its lack of keys matter.
  if (!has_source_) return {at::constant_pad_nd(memory, {0, 2 * config_.dim})};
  const auto values = memory_ ? memory_->forward(memory) : memory;
  return {at::cat({values, values}, -1)};
}

std::vector<torch::Tensor> FusionDecoder::initial_states(const EncodedSource& source) const {
  return initial_recurrent_states(bridge_.get(), source, config_.layers * num_state_tensors(layers_[0]->kind()), config_.dim);
}

State FusionDecoder::start(const Memory& memory) const {
  State state = one_row_a_sentence(memory);
  state.per_row = memory.initial;
  for (size_t l = 0; causal_ && l < layers_.size(); ++l) state.per_row.push_back(memory.projected[0].narrow(1, 0, 0));
  return state;
}

FusionDecoder::Attended FusionDecoder::attend_with_past(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND,
                                                        const torch::Tensor& past_NTE, bool want_past) const {
  const auto of_row = [&](const torch::Tensor& x) { return x.index_select(0, sentence_N); };
  const auto past_keep_NT = at::ones_like(past_NTE.select(2, 0), torch::kBool);
  const auto run = [&](const torch::Tensor& q, const torch::Tensor& memory_kv, const torch::Tensor& keep, const torch::Tensor& past,
                       const torch::Tensor& past_keep) {
    const auto kv = has_source_ ? at::cat({memory_kv, past}, 1) : past;
    return padded_attention(q.unsqueeze(1), kv, has_source_ ? at::cat({keep, past_keep}, 1) : past_keep, {}, false, 0, true);
  };
  const auto shares = [&](const torch::Tensor& weights_N1X, const torch::Tensor& keep) {
    const auto columns_S = at::ones_like(keep.select(0, 0), torch::kLong).cumsum(0) - 1;
    const auto on_memory = weights_N1X.squeeze(1).index_select(1, columns_S) * keep;
    return on_memory / on_memory.sum(1, true).clamp_min(1e-30);
  };
  const auto on_past = [&](const torch::Tensor& weights_N1X) {
    const int64_t num_past = past_NTE.size(1);
    return weights_N1X.squeeze(1).narrow(1, weights_N1X.size(2) - num_past, num_past);
  };
  const auto memory_NSE = of_row(memory.projected[0]), keep_NS = of_row(memory.keep_BS);
  if (!frozen()) {
    const auto result = run(q_ND, memory_NSE, keep_NS, past_NTE, past_keep_NT);
    return {result.out.squeeze(1), has_source_ ? shares(result.weights, keep_NS) : torch::Tensor(),
            want_past ? on_past(result.weights) : torch::Tensor()};
  }
  // Each row alone, over its real positions, so that its bits do not depend on the batch or the padding.
  Attended attended{torch::empty_like(q_ND), has_source_ ? torch::zeros(keep_NS.sizes(), q_ND.options()) : torch::Tensor(),
                    want_past ? torch::empty(past_keep_NT.sizes(), q_ND.options()) : torch::Tensor()};
  const auto length_N = of_row(memory.length_B);
  for (int64_t n = 0; n < q_ND.size(0); ++n) {
    const int64_t length = length_N.const_data_ptr<int64_t>()[n];
    const auto row = [&](const torch::Tensor& x) { return x.narrow(0, n, 1); };
    const auto real = [&](const torch::Tensor& x) { return row(x).narrow(1, 0, length); };
    const auto result = run(row(q_ND), real(memory_NSE), real(keep_NS), row(past_NTE), row(past_keep_NT));
    row(attended.a_ND).copy_(result.out.squeeze(1));
    if (has_source_) real(attended.weights_NS).copy_(shares(result.weights, real(keep_NS)));
    if (want_past) row(attended.past_NT).copy_(on_past(result.weights));
  }
  return attended;
}

FusionDecoder::Attended FusionDecoder::attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND,
                                              const torch::Tensor& past_NTE, AttentionRequest request) const {
  if (causal_) return attend_with_past(memory, sentence_N, q_ND, past_NTE, request == AttentionRequest::kHeads);
  const bool want_weights = request != AttentionRequest::kNone;
  const auto result = memory_attention(q_ND, memory.projected[0], sentence_N, memory.length_B, {}, want_weights, frozen());
  return {result.out, result.weights, {}};
}

torch::Tensor FusionDecoder::enter(const torch::Tensor& embedded) const {
  const auto x = apply_dropout(embedded, config_.dropout, is_training());
  return input_ ? input_->forward(x) : x;
}

DecoderStep FusionDecoder::step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI,
                                AttentionRequest request) const {
  const bool want_mean = request != AttentionRequest::kNone;
  DecoderStep output;
  output.state = state;
  auto& per_row = output.state.per_row;
  auto x = enter(embedded_NI);
  const auto per_layer = static_cast<size_t>(num_state_tensors(layers_[0]->kind()));
  for (size_t l = 0; l < layers_.size(); ++l) {
    auto* past_NTE = causal_ ? &per_row[layers_.size() * per_layer + l] : nullptr;
    const auto attended = attend(memory, state.sentence_N, layers_[l]->query(x), past_NTE ? *past_NTE : torch::Tensor(), request);
    const auto first = state.per_row.begin() + static_cast<int64_t>(l * per_layer);
    const auto next = layers_[l]->step(x, attended.a_ND, {first, first + static_cast<int64_t>(per_layer)});
    std::copy(next.begin(), next.end(), per_row.begin() + static_cast<int64_t>(l * per_layer));
    if (past_NTE) *past_NTE = at::cat({*past_NTE, at::cat({next[0], x}, -1).unsqueeze(1)}, 1);
    x = apply_dropout(layers_[l]->output(next[0]), config_.dropout, is_training());
    if (want_mean && has_source_) output.attention_NS = attended.weights_NS;
    if (request == AttentionRequest::kHeads) {
      if (has_source_) output.heads.source_NHS.push_back(attended.weights_NS.unsqueeze(1));
      // A layer reads its earlier states and not its own, which does not exist yet.
      if (causal_) output.heads.past_NHT.push_back(at::constant_pad_nd(attended.past_NT, {0, 1}).unsqueeze(1));
    }
  }
  if (want_mean && !has_source_) output.attention_NS = attention_to_nothing(memory, state.sentence_N);
  output.states_ND = x;
  return output;
}

DecoderStates FusionDecoder::forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                     bool want_attention) const {
  if (causal_) return step_through(embedded, rows, source, want_attention);
  // The queries are outputs of the layer beneath, so attention covers all positions at once; only cells run step by step.
  DecoderStates result;
  const auto memory_kv = project_memory(source.memory)[0];
  const auto initial = initial_states(source);
  const auto per_layer = num_state_tensors(layers_[0]->kind());
  auto x = enter(embedded);
  for (size_t l = 0; l < layers_.size(); ++l) {
    auto* weights = want_attention && l + 1 == layers_.size() ? &result.attention_BTS : nullptr;
    const auto a = attend_sequences(layers_[l]->query(x), rows, memory_kv, source.rows, {}, 0, weights);
    const auto first = initial.begin() + static_cast<int64_t>(l) * per_layer;
    const auto h_BTD = layers_[l]->scan(rows.to_padded(x), rows.to_padded(a), {first, first + per_layer});
    x = apply_dropout(layers_[l]->output(rows.from_padded(h_BTD)), config_.dropout, is_training());
  }
  result.states = x;
  return result;
}

}  // namespace attnzoo
