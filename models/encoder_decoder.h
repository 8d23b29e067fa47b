// Any encoder with any decoder, and the three tables at their rim, as a Seq2SeqModel.
#pragma once

#include <memory>

#include "models/decoder.h"
#include "models/embeddings.h"
#include "models/encoder.h"
#include "models/encoder_decoder_config.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

class EncoderDecoder : public Seq2SeqModel {
 public:
  // Draws initial weights of the tables, the encoder and the decoder, in this order.
  EncoderDecoder(const EncoderDecoderConfig& config, const VocabularySizes& sizes);

  Memory encode(const torch::Tensor& source_BS) override;
  State start(const Memory& memory) override { return decoder_->start(memory); }
  StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) override;
  torch::Tensor forward_states(const Batch& batch) override;
  torch::Tensor output_weight_VD() const override { return embeddings_.output_weight_VD; }
  torch::Tensor output_bias_V() const override { return embeddings_.output_bias_V; }

 private:
  // Calls use(EncodedSource) with the encoded source, packed where that is possible.
  template <class Use>
  auto with_source(const torch::Tensor& source_BS, const torch::Tensor& length_B, const Use& use) const;

  ModelEmbeddings embeddings_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Decoder> decoder_;
};

}  // namespace attnzoo
