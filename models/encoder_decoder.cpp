#include "models/encoder_decoder.h"

#include <ATen/ATen.h>

#include "data/special_tokens.h"
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
    : embeddings_(*this, sizes, source_table(config), target_table(config),
                  find_decoder_kind(config.decoder).output_dim(config.decoder_fields), config.tied_embeddings) {
  encoder_ = register_module("encoder", find_encoder_kind(config.encoder).make(config.encoder_fields));
  decoder_ = register_module("decoder", find_decoder_kind(config.decoder).make(config.decoder_fields, encoder_->shape()));
}

template <class Use>
auto EncoderDecoder::with_source(const torch::Tensor& source_BS, const torch::Tensor& length_B, const Use& use) const {
  const auto run = [&](const torch::Tensor& ids, const Rows& rows) {
    return use(EncodedSource{encoder_->forward(embeddings_.source->forward(ids), rows), rows, *encoder_});
  };
  if (!runs_packed(source_BS)) return run(source_BS, Rows::padded(source_BS.ne(kPadId)));
  const Packing packing(length_B, source_BS.size(1));
  return run(packing.pack(source_BS), Rows::packed(packing, length_B));
}

Memory EncoderDecoder::encode(const torch::Tensor& source_BS) {
  return with_source(source_BS, source_BS.ne(kPadId).sum(1), [&](const EncodedSource& source) { return make_memory(*decoder_, source); });
}

StepOutput EncoderDecoder::step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) {
  auto decoded = decoder_->step(memory, state, embeddings_.target->forward(previous_N), want_attention);
  return {logits(decoded.states_ND), decoded.attention_NS, std::move(decoded.state)};
}

torch::Tensor EncoderDecoder::forward_states(const Batch& batch) {
  const Packing target(batch.target_length_B, batch.target_in_BT.size(1));
  return with_source(batch.source_BS, batch.source_length_B, [&](const EncodedSource& source) {
    const bool packed = source.rows.packing != nullptr;
    const auto ids = packed ? target.pack(batch.target_in_BT) : batch.target_in_BT;
    const auto rows = packed ? Rows::packed(target, batch.target_length_B) : Rows::padded(batch.target_in_BT.ne(kPadId));
    const auto states = decoder_->forward(embeddings_.target->forward(ids), rows, source);
    return packed ? states : target.pack(states);
  });
}

}  // namespace attnzoo
