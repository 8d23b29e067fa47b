#include "models/transformer/transformer_decoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "models/attention/multi_head_attention.h"
#include "models/kernels/new_floats.h"

namespace attnzoo {

namespace {

// The next two copy by hand: for one row, ATen's calls take longer than the work.

// The steps so far, and this one, of which each row reads its own.
torch::Tensor with_own_rows(const torch::Tensor& origin_NT) {
  const int64_t num_rows = origin_NT.size(0), num_steps = origin_NT.size(1);
  auto grown = at::detail::empty_cpu({num_rows, num_steps + 1}, torch::kInt);
  const auto before = origin_NT.contiguous();
  for (int64_t n = 0; n < num_rows; ++n) {
    int32_t* row = grown.mutable_data_ptr<int32_t>() + n * (num_steps + 1);
    std::copy_n(before.const_data_ptr<int32_t>() + n * num_steps, num_steps, row);
    row[num_steps] = static_cast<int32_t>(n);
  }
  return grown;
}

torch::Tensor columns_from(int64_t first, const torch::Tensor& x_NE) {
  const int64_t num_rows = x_NE.size(0), num_columns = x_NE.size(1), kept = num_columns - first;
  auto copy = kernels::new_floats({num_rows, kept});
  for (int64_t n = 0; n < num_rows; ++n)
    std::copy_n(x_NE.const_data_ptr<float>() + n * num_columns + first, kept, copy.mutable_data_ptr<float>() + n * kept);
  return copy;
}

}  // namespace

TransformerDecoder::TransformerDecoder(const TransformerDecoderConfig& config, const EncoderShape& encoder)
    : model_dim_(config.dim),
      ssru_(config.autoregression == "ssru"),
      has_source_(encoder.memory_dim > 0),
      layer_drop_(config.layer_drop),
      input_(register_module("input", std::make_shared<TransformerInput>(config))),
      layers_(add_layers<DecoderLayer>(*this, config, encoder.memory_dim)) {
  if (config.ends_with_norm()) norm_ = add_norm(*this, "norm", config.norm_kind, config.dim);
}

std::vector<torch::Tensor> TransformerDecoder::project_memory(const torch::Tensor& memory) const {
  std::vector<torch::Tensor> projected;
  for (const auto& layer : layers_) projected.push_back(layer->project_memory(memory));
  return projected;
}

State TransformerDecoder::start(const Memory& memory) const {
  State state = one_row_a_sentence(memory);
  const auto zero_B = at::zeros_like(memory.length_B);
  state.per_row.push_back(zero_B);
  if (ssru_) {
    for (size_t l = 0; l < layers_.size(); ++l)
      state.per_row.push_back(at::zeros_like(memory.projected[l].select(1, 0).narrow(1, 0, 1)).repeat({1, model_dim_}));
  } else if (frozen()) {
    state.origin_NT = at::empty({zero_B.size(0), 0}, torch::kInt);
  } else {
    for (size_t l = 0; l < layers_.size(); ++l) state.per_row.push_back(memory.projected[l].narrow(1, 0, 0));
  }
  return state;
}

DecoderStep TransformerDecoder::step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI,
                                     AttentionRequest request) const {
  const bool want_mean = request != AttentionRequest::kNone, want_heads = request == AttentionRequest::kHeads;
  DecoderStep output;
  output.state = state;
  const auto& position_N = state.per_row[0];
  output.state.per_row[0] = position_N + 1;
  const bool keeps_steps = !ssru_ && frozen();
  auto stream = input_->forward(embedded_NI, position_N);
  if (keeps_steps) output.state.origin_NT = with_own_rows(state.origin_NT);
  for (size_t l = 0; l < layers_.size(); ++l) {
    const auto attend_past = [&](const torch::Tensor& qkv_NE, const AttentionForm& form) {
      if (!keeps_steps) {
        const auto q_N1D = qkv_NE.narrow(1, 0, model_dim_).unsqueeze(1);
        auto& cache_NTE = output.state.per_row[l + 1];
        cache_NTE = at::cat({cache_NTE, qkv_NE.narrow(1, model_dim_, qkv_NE.size(1) - model_dim_).unsqueeze(1)}, 1);
        if (want_heads) output.heads.past_NHT.push_back(attention_by_head(q_N1D, cache_NTE, {}, form, false).squeeze(2));
        return padded_attention(q_N1D, cache_NTE, {}, form, false, 0, false).out.squeeze(1);
      }
      output.state.per_step.push_back(columns_from(model_dim_, qkv_NE));
      const auto& origin_NT = output.state.origin_NT;
      if (want_heads)
        output.heads.past_NHT.push_back(
            past_attention_by_head(qkv_NE.narrow(1, 0, model_dim_), output.state.per_step, l, layers_.size(), origin_NT, form));
      return past_attention(qkv_NE, model_dim_, output.state.per_step, l, layers_.size(), origin_NT, form);
    };
    // The attention shown to users is the last layer's, averaged over its heads.
    auto* weights = want_mean && has_source_ && l + 1 == layers_.size() ? &output.attention_NS : nullptr;
    auto* heads = want_heads && has_source_ ? &output.heads.source_NHS.emplace_back() : nullptr;
    const DecoderLayer::Past past{position_N, attend_past, ssru_ ? &output.state.per_row[l + 1] : nullptr};
    stream = layers_[l]->step(stream, past, memory.projected[l], state.sentence_N, memory.length_B, weights, heads);
  }
  if (want_mean && !has_source_) output.attention_NS = attention_to_nothing(memory, state.sentence_N);
  output.states_ND = normed(stream);
  return output;
}

DecoderStates TransformerDecoder::forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                          bool want_attention) const {
  DecoderStates result;
  auto stream = input_->forward(embedded, rows.position);
  for (size_t l = 0; l < layers_.size(); ++l) {
    // A layer whose attention is requested is never skipped.
    auto* weights = want_attention && l + 1 == layers_.size() ? &result.attention_BTS : nullptr;
    if (weights != nullptr || !skips_layer(layer_drop_, is_training()))
      stream = layers_[l]->forward(stream, rows, layers_[l]->project_memory(source.memory), source.rows, weights);
  }
  result.states = normed(stream);
  return result;
}

}  // namespace attnzoo
