#include "models/transformer/transformer_model.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/special_tokens.h"
#include "models/attention/multi_head_attention.h"
#include "models/layers/dropout.h"

namespace attnzoo {

TransformerModel::TransformerModel(const TransformerConfig& config, const VocabularySizes& sizes)
    : config_(config),
      embeddings_(*this, sizes, config.model_dim, config.model_dim, config.tied_embeddings,
                  1.0 / std::sqrt(static_cast<double>(config.model_dim))),
      positions_(config.model_dim) {
  for (int64_t l = 0; l < config.encoder_layers; ++l)
    encoder_.push_back(register_module(fmt::format("encoder_{}", l), std::make_shared<EncoderLayer>(config)));
  for (int64_t l = 0; l < config.decoder_layers; ++l)
    decoder_.push_back(register_module(fmt::format("decoder_{}", l), std::make_shared<DecoderLayer>(config)));
  if (config.norm == "pre") {
    encoder_norm_ = add_layer_norm(*this, "encoder_norm", config.model_dim);
    decoder_norm_ = add_layer_norm(*this, "decoder_norm", config.model_dim);
  }
}

torch::Tensor TransformerModel::embed(const Embedding& table, const torch::Tensor& ids, const torch::Tensor& position) const {
  const auto scaled = table.forward(ids) * std::sqrt(static_cast<double>(config_.model_dim));
  return apply_dropout(scaled + positions_(position, scaled.options().requires_grad(false)), config_.dropout, is_training());
}

torch::Tensor TransformerModel::run_encoder(const torch::Tensor& x, const Rows& rows) const {
  auto stream = x;
  for (const auto& layer : encoder_) stream = layer->forward(stream, rows);
  return normed(encoder_norm_, stream);
}

Memory TransformerModel::encode(const torch::Tensor& source_BS) {
  Memory memory;
  memory.keep_BS = source_BS.ne(kPadId);
  memory.per_sentence.push_back(memory.keep_BS.sum(1));
  if (runs_packed(source_BS)) {
    const Packing packing(memory.per_sentence[0], source_BS.size(1));
    const auto packed = run_encoder(embed(*embeddings_.source, packing.pack(source_BS), packing.position_P), {&packing, {}});
    memory.memory_BSC = packing.unpack(packed);
    for (const auto& layer : decoder_) memory.per_sentence.push_back(packing.unpack(layer->project_memory(packed)));
  } else {
    const auto position = at::ones_like(source_BS).cumsum(1) - 1;
    memory.memory_BSC = run_encoder(embed(*embeddings_.source, source_BS, position), {nullptr, memory.keep_BS});
    for (const auto& layer : decoder_) memory.per_sentence.push_back(layer->project_memory(memory.memory_BSC));
  }
  return memory;
}

// The decoder's past has two forms. In inference on the CPU each step's keys and values stay where they were made (State::per_step, layer
// by layer), and per_row[1] is origin_NT: in which row of step t the past of row n lies. A beam then reorders a table of a few numbers,
// where copying caches took a tenth of the time of short sentences and most of long ones. Elsewhere per_row holds a cache [N, T, 2D] a
// layer.
State TransformerModel::start(const Memory& memory) {
  State state;
  const auto zero_B = at::zeros_like(memory.per_sentence[0]);
  state.sentence_N = at::ones_like(zero_B).cumsum(0) - 1;
  state.per_row.push_back(zero_B);
  if (kernels::use_inference_kernels(memory.memory_BSC)) {
    state.per_row.push_back(at::empty({zero_B.size(0), 0}, torch::kInt));
  } else {
    for (size_t l = 0; l < decoder_.size(); ++l) state.per_row.push_back(memory.per_sentence[l + 1].narrow(1, 0, 0));
  }
  return state;
}

StepOutput TransformerModel::step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) {
  StepOutput output;
  output.state = state;
  const auto& position_N = state.per_row[0];
  output.state.per_row[0] = position_N + 1;
  const bool keeps_steps = state.per_row[1].dim() == 2;
  auto stream = embed(*embeddings_.target, previous_N, position_N);
  if (keeps_steps) {
    if (!kernels::use_inference_kernels(stream))
      fail<Error>("transformer: a state that start() made for inference cannot be stepped with gradients");
    const auto own_row_N1 = at::arange(previous_N.size(0), state.per_row[1].options()).unsqueeze(1);
    output.state.per_row[1] = at::cat({state.per_row[1], own_row_N1}, 1);
  }
  for (size_t l = 0; l < decoder_.size(); ++l) {
    const auto attend_past = [&](const torch::Tensor& q_ND, const torch::Tensor& kv_NE) {
      if (!keeps_steps) {
        auto& cache_NTE = output.state.per_row[l + 1];
        cache_NTE = at::cat({cache_NTE, kv_NE.unsqueeze(1)}, 1);
        return padded_attention(q_ND.unsqueeze(1), cache_NTE, {}, config_.num_heads, false, 0, false).out.squeeze(1);
      }
      output.state.per_step.push_back(kv_NE.contiguous());
      std::vector<torch::Tensor> steps;
      for (size_t i = l; i < output.state.per_step.size(); i += decoder_.size()) steps.push_back(output.state.per_step[i]);
      return past_attention(q_ND, steps, output.state.per_row[1], config_.num_heads);
    };
    // The weights shown to users are the last layer's, averaged over its heads.
    auto* weights = want_attention && l + 1 == decoder_.size() ? &output.attention_NS : nullptr;
    stream = decoder_[l]->step(stream, attend_past, memory.per_sentence[l + 1], state.sentence_N, memory.per_sentence[0], weights);
  }
  output.logits_NV = logits(normed(decoder_norm_, stream));
  return output;
}

torch::Tensor TransformerModel::forward_states(const Batch& batch) {
  const Packing target(batch.target_length_B, batch.target_in_BT.size(1));
  if (!runs_packed(batch.source_BS)) {
    const Memory memory = encode(batch.source_BS);
    auto stream = embed(*embeddings_.target, batch.target_in_BT, at::ones_like(batch.target_in_BT).cumsum(1) - 1);
    // Causal attention alone hides the padding on the right from every real position.
    for (size_t l = 0; l < decoder_.size(); ++l)
      stream = decoder_[l]->forward(stream, {}, memory.per_sentence[l + 1], {nullptr, memory.keep_BS});
    return target.pack(normed(decoder_norm_, stream));
  }
  const Packing source(batch.source_length_B, batch.source_BS.size(1));
  const auto memory = run_encoder(embed(*embeddings_.source, source.pack(batch.source_BS), source.position_P), {&source, {}});
  auto stream = embed(*embeddings_.target, target.pack(batch.target_in_BT), target.position_P);
  for (const auto& layer : decoder_) stream = layer->forward(stream, {&target, {}}, layer->project_memory(memory), {&source, {}});
  return normed(decoder_norm_, stream);
}

ModelFamily transformer_family() {
  ModelFamily family;
  family.name = "transformer";
  family.summary = "self-attention encoder and decoder (Vaswani et al. 2017), pre- or post-norm";
  family.presets = {
      {"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "encoder_layers": 4, "decoder_layers": 4, "num_heads": 4, "dropout": 0.3})"},
      {"small",
       R"({"model_dim": 256, "feed_forward_dim": 1024, "encoder_layers": 3, "decoder_layers": 3, "num_heads": 4, "dropout": 0.1})"},
      {"base",
       R"({"model_dim": 512, "feed_forward_dim": 2048, "encoder_layers": 6, "decoder_layers": 6, "num_heads": 8, "dropout": 0.1})"}};
  const std::string small = R"("model_dim": 32, "feed_forward_dim": 48, "encoder_layers": 2, "decoder_layers": 2, "num_heads": 2, )";
  family.conformance_variants = {
      {"pre-norm", "{" + small + R"("norm": "pre", "activation": "relu", "tied_embeddings": "all"})"},
      {"post-norm", "{" + small + R"("norm": "post", "activation": "gelu", "tied_embeddings": "decoder", "num_heads": 4})"},
      {"untied, odd width", "{" + small + R"("norm": "pre", "model_dim": 18, "feed_forward_dim": 23, "tied_embeddings": "none"})"}};
  family.complete = [](const nlohmann::json& fields) { return TransformerConfig::from_json(fields).to_json(); };
  family.build = [](const nlohmann::json& fields, const VocabularySizes& sizes) -> std::shared_ptr<Seq2SeqModel> {
    return std::make_shared<TransformerModel>(TransformerConfig::from_json(fields), sizes);
  };
  return family;
}

}  // namespace attnzoo
