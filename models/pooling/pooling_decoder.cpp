#include "models/pooling/pooling_decoder.h"

#include <ATen/ATen.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/config_checks.h"
#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"

namespace attnzoo {

PoolingConfig PoolingConfig::from_json(const nlohmann::json& fields) {
  PoolingConfig config;
  FieldReader reader(fields, "model");
  reader.read_choice("pooling", config.pooling, {"self-attention", "last", "mean", "max"});
  config.attention.read(reader);
  reader.read("dim", config.dim);
  reader.read("dropout", config.dropout);
  check_at_least_one(reader, "dim", config.dim);
  check_fraction(reader, "dropout", config.dropout);
  if (config.attention.coverage) reader.problem("coverage", "has no meaning in a classifier, which attends once; omit it");
  reader.finish();
  return config;
}

nlohmann::json PoolingConfig::to_json() const {
  nlohmann::json fields = {{"pooling", pooling}, {"dim", dim}, {"dropout", dropout}};
  attention.write(fields);
  return fields;
}

PoolingDecoder::PoolingDecoder(const PoolingConfig& config, const EncoderShape& encoder) : config_(config) {
  if (encoder.memory_dim == 0) fail<ConfigError>("model.decoder: 'pooling' pools what an encoder makes, but model.encoder is 'none'");
  if (config.pooling == "self-attention")
    attention_ = register_module("attention", std::make_shared<ScoreAttention>(config.attention, encoder.memory_dim, encoder.memory_dim));
  readout_ = add_linear(*this, "readout", encoder.memory_dim, config.dim);
}

PoolingDecoder::Pooled PoolingDecoder::pool(const torch::Tensor& memory_BSC, const torch::Tensor& keep_BS) const {
  const auto real_BS = keep_BS.to(memory_BSC.scalar_type());
  const auto length_B1 = real_BS.sum(1, true);
  if (config_.pooling == "mean") {
    const auto weights_BS = real_BS / length_B1;
    return {weights_BS.unsqueeze(1).matmul(memory_BSC).squeeze(1), weights_BS};
  }
  const auto place_BS = keep_BS.to(torch::kLong).cumsum(1);
  if (config_.pooling == "last") {
    const auto weights_BS = (place_BS == length_B1).logical_and(keep_BS).to(memory_BSC.scalar_type());
    return {weights_BS.unsqueeze(1).matmul(memory_BSC).squeeze(1), weights_BS};
  }
  if (config_.pooling == "max") {
    const auto masked_BSC = memory_BSC.masked_fill(keep_BS.logical_not().unsqueeze(-1), -std::numeric_limits<float>::infinity());
    const auto best_BC = masked_BSC.amax(1);
    const auto share_BS = (masked_BSC == best_BC.unsqueeze(1)).to(memory_BSC.scalar_type()).sum(-1);
    return {best_BC, share_BS / share_BS.sum(1, true)};
  }
  const auto attended =
      attention_->attend({memory_BSC, attention_->keys(memory_BSC), memory_BSC, keep_BS.unsqueeze(1), keep_BS.sum(1), place_BS - 1, {}});
  const auto mean_over_queries = [&](const torch::Tensor& x_BQX) { return (x_BQX * real_BS.unsqueeze(-1)).sum(1) / length_B1; };
  return {mean_over_queries(attended.context_NQC), mean_over_queries(attended.weights_NQS)};
}

PoolingDecoder::Pooled PoolingDecoder::pool_one_by_one(const torch::Tensor& memory, const Packing& packing) const {
  std::vector<torch::Tensor> vectors;
  const auto weights_BS = torch::zeros({packing.num_sentences, packing.padded_length}, memory.options());
  for (int64_t b = 0; b < packing.num_sentences; ++b) {
    const auto memory_1SC = memory.narrow(0, packing.offsets[static_cast<size_t>(b)], packing.length(b)).unsqueeze(0);
    const auto pooled = pool(memory_1SC, at::ones_like(memory_1SC.select(2, 0), torch::kBool));
    vectors.push_back(pooled.vector_BC);
    weights_BS.narrow(0, b, 1).narrow(1, 0, packing.length(b)).copy_(pooled.weights_BS);
  }
  return {at::cat(vectors), weights_BS};
}

std::vector<torch::Tensor> PoolingDecoder::initial_states(const EncodedSource& source) const {
  const auto* packing = source.rows.packing;
  const auto pooled = packing != nullptr && frozen() ? pool_one_by_one(source.memory, *packing)
                                                     : pool(source.rows.to_padded(source.memory), source.rows.keep());
  const auto state_BD = apply_elementwise(at::tanh, readout_->forward(pooled.vector_BC), frozen());
  return {apply_dropout(state_BD, config_.dropout, is_training()), pooled.weights_BS};
}

State PoolingDecoder::start(const Memory& memory) const { return one_row_a_sentence(memory); }

DecoderStep PoolingDecoder::step(const Memory& memory, const State& state, const torch::Tensor&, AttentionRequest request) const {
  const auto of_row = [&](const torch::Tensor& of_sentence) { return of_sentence.index_select(0, state.sentence_N); };
  const auto &state_BD = memory.initial[0], &weights_BS = memory.initial[1];
  DecoderStep output{of_row(state_BD), request == AttentionRequest::kNone ? torch::Tensor() : of_row(weights_BS), state, {}};
  if (request == AttentionRequest::kHeads) output.heads.source_NHS.push_back(output.attention_NS.unsqueeze(1));
  return output;
}

DecoderStates PoolingDecoder::forward(const torch::Tensor&, const Rows& rows, const EncodedSource& source, bool want_attention) const {
  const auto initial = initial_states(source);
  const auto over_targets = [&](const torch::Tensor& x) { return x.unsqueeze(1) * rows.keep().unsqueeze(-1); };
  return {rows.from_padded(over_targets(initial[0])), want_attention ? over_targets(initial[1]) : torch::Tensor()};
}

}  // namespace attnzoo
