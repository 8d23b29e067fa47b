// Any encoder with any decoder, and their three tables, as a Seq2SeqModel.
#pragma once

#include <memory>

#include "models/decoder.h"
#include "models/embeddings.h"
#include "models/encoder.h"
#include "models/encoder_decoder_config.h"
#include "models/layers/linear.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

class EncoderDecoder : public Seq2SeqModel {
 public:
  // Draws the initial weights of the tables, the encoder and the decoder, in this order.
  EncoderDecoder(const EncoderDecoderConfig& config, const VocabularySizes& sizes);

  Memory encode(const torch::Tensor& source_BS) override { return encode_source(source_BS, nullptr); }
  Memory encode_with_heads(const torch::Tensor& source_BS, std::vector<torch::Tensor>& self_BHSS) override {
    return encode_source(source_BS, &self_BHSS);
  }
  State start(const Memory& memory) override { return decoder_->start(memory); }
  StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, AttentionRequest request) override;
  TeacherForced forward_states(const Batch& batch) override;
  torch::Tensor traceable_forward(const torch::Tensor& source_BS, const torch::Tensor& target_in_BT) override;
  torch::Tensor output_weight_VD() const override { return embeddings_.output_weight_VD; }
  torch::Tensor output_bias_V() const override { return embeddings_.output_bias_V; }
  bool reads_source() const override { return embeddings_.source != nullptr; }
  bool says_label() const override { return !decoder_->reads_target(); }
  bool copies() const override { return generate_ != nullptr; }
  // Plain rows depend on the others in their last bits, and in training on masks that are drawn for the whole batch.
  bool joins() const override { return frozen() && decoder_->joins(); }

 private:
  // Rows of a table; ids past its end, which a pointer-generator may be given, read as <unk>. Without a table [.., 0].
  torch::Tensor embed(const std::shared_ptr<Embedding>& table, const torch::Tensor& ids) const;
  torch::Tensor generation_probability(const torch::Tensor& states, const torch::Tensor& embedded) const;

  // Calls use(EncodedSource) with the encoded source, packed where that is possible. self_BHSS: null, or receives the self-attention.
  template <class Use>
  auto with_source(const torch::Tensor& source_BS, const torch::Tensor& length_B, std::vector<torch::Tensor>* self_BHSS,
                   const Use& use) const;
  Memory encode_source(const torch::Tensor& source_BS, std::vector<torch::Tensor>* self_BHSS) const;

  double coverage_loss_;
  ModelEmbeddings embeddings_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Decoder> decoder_;
  std::shared_ptr<Linear> generate_;  // of a pointer-generator
};

}  // namespace attnzoo
