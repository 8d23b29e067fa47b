#include "models/encoder_decoder.h"

#include <ATen/ATen.h>

#include "data/error.h"
#include "data/special_tokens.h"
#include "models/copying.h"
#include "models/layers/elementwise.h"
#include "models/parts.h"

namespace attnzoo {
namespace {

EmbeddingShape source_table(const EncoderDecoderConfig& config) {
  return find_encoder_kind(config.encoder).embedding(config.encoder_fields);
}
EmbeddingShape target_table(const EncoderDecoderConfig& config) {
  return find_decoder_kind(config.decoder).embedding(config.decoder_fields);
}

}  // namespace

EncoderDecoder::EncoderDecoder(const EncoderDecoderConfig& config, const VocabularySizes& sizes)
    : coverage_loss_(config.coverage_loss),
      embeddings_(*this, sizes, source_table(config), target_table(config),
                  find_decoder_kind(config.decoder).output_dim(config.decoder_fields), config.tied_embeddings) {
  encoder_ = register_module("encoder", find_encoder_kind(config.encoder).make(config.encoder_fields));
  decoder_ = register_module("decoder", find_decoder_kind(config.decoder).make(config.decoder_fields, encoder_->shape()));
  const bool pairs = reads_source() && decoder_->reads_target();
  if ((config.copy || coverage_loss_ > 0) && !pairs)
    fail<ConfigError>("model.{}: needs a source and a target; the model has encoder '{}' and decoder '{}'",
                      config.copy ? "copy" : "coverage_loss", config.encoder, config.decoder);
  if (config.copy && !sizes.joint)
    fail<ConfigError>(
        "model.copy: copies ids of the source into the target, but each side has its own vocabulary; set "
        "data.tokenizer.joint to true");
  if (config.copy) generate_ = add_linear(*this, "generate", embeddings_.output_weight_VD.size(1) + target_table(config).dim, 1);
}

torch::Tensor EncoderDecoder::embed(const std::shared_ptr<Embedding>& table, const torch::Tensor& ids) const {
  if (!table) return ids.unsqueeze(-1).narrow(-1, 0, 0).to(embeddings_.output_weight_VD.scalar_type());
  return table->forward(copies() ? ids.masked_fill(ids >= table->weight.size(0), kUnkId) : ids);
}

torch::Tensor EncoderDecoder::generation_probability(const torch::Tensor& states, const torch::Tensor& embedded) const {
  return apply_elementwise(at::sigmoid, generate_->forward(at::cat({states, embedded}, -1)), frozen());
}

template <class Use>
auto EncoderDecoder::with_source(const torch::Tensor& source_BS, const torch::Tensor& length_B, std::vector<torch::Tensor>* self_BHSS,
                                 const Use& use) const {
  const auto run = [&](const torch::Tensor& ids, const Rows& rows) {
    const auto embedded = embed(embeddings_.source, ids);
    const auto memory = self_BHSS ? encoder_->forward_with_heads(embedded, rows, *self_BHSS) : encoder_->forward(embedded, rows);
    return use(EncodedSource{memory, rows, *encoder_});
  };
  if (!runs_packed(source_BS)) return run(source_BS, Rows::padded(source_BS.ne(kPadId)));
  const Packing packing(length_B, source_BS.size(1));
  return run(packing.pack(source_BS), Rows::packed(packing, length_B));
}

Memory EncoderDecoder::encode_source(const torch::Tensor& source_BS, std::vector<torch::Tensor>* self_BHSS) const {
  return with_source(source_BS, source_BS.ne(kPadId).sum(1), self_BHSS, [&](const EncodedSource& source) {
    auto memory = make_memory(*decoder_, source);
    if (copies()) memory.source_BS = source_BS;
    return memory;
  });
}

StepOutput EncoderDecoder::step(const Memory& memory, const State& state, const torch::Tensor& previous_N, AttentionRequest request) {
  const auto embedded_NI = embed(embeddings_.target, previous_N);
  if (request == AttentionRequest::kNone && copies()) request = AttentionRequest::kMean;
  auto decoded = decoder_->step(memory, state, embedded_NI, request);
  StepOutput output{logits(decoded.states_ND), decoded.attention_NS, std::move(decoded.state), std::move(decoded.heads), {}};
  if (copies()) {
    const auto generate_N1 = generation_probability(decoded.states_ND, embedded_NI);
    const CopySource copy{generate_N1, output.attention_NS, memory.source_BS.index_select(0, output.state.sentence_N)};
    output.logits_NV = copy_logits(output.logits_NV, copy, frozen());
    output.generate_N = generate_N1.squeeze(1);
  }
  return output;
}

torch::Tensor EncoderDecoder::traceable_forward(const torch::Tensor& source_BS, const torch::Tensor& target_in_BT) {
  if (!decoder_->forward_traces() || copies()) return {};
  const auto source_rows = Rows::padded(source_BS.ne(kPadId)), target_rows = Rows::padded(target_in_BT.ne(kPadId));
  const EncodedSource source{encoder_->forward(embed(embeddings_.source, source_BS), source_rows), source_rows, *encoder_};
  return logits(decoder_->forward(embed(embeddings_.target, target_in_BT), target_rows, source, false).states);
}

TeacherForced EncoderDecoder::forward_states(const Batch& batch) {
  const Packing target(batch.target_length_B, batch.target_in_BT.size(1));
  return with_source(batch.source_BS, batch.source_length_B, nullptr, [&](const EncodedSource& source) {
    const bool packed = source.rows.packing != nullptr;
    const auto ids = packed ? target.pack(batch.target_in_BT) : batch.target_in_BT;
    const auto rows = packed ? Rows::packed(target, batch.target_length_B) : Rows::padded(batch.target_in_BT.ne(kPadId));
    const auto embedded = embed(embeddings_.target, ids);
    const auto decoded = decoder_->forward(embedded, rows, source, copies() || coverage_loss_ > 0);
    TeacherForced forced{packed ? decoded.states : target.pack(decoded.states), {}, {}};
    if (coverage_loss_ > 0) forced.penalty = coverage_loss_ * coverage_loss(decoded.attention_BTS, rows.keep());
    if (copies()) {
      // The sentence of each packed row.
      const auto sentence_P = target.pack(at::arange(target.num_sentences).unsqueeze(1).expand({-1, target.padded_length}));
      forced.copy = {generation_probability(forced.states_PD, packed ? embedded : target.pack(embedded)),
                     target.pack(decoded.attention_BTS), batch.source_BS.index_select(0, sentence_P.to(batch.source_BS.device()))};
    }
    return forced;
  });
}

}  // namespace attnzoo
