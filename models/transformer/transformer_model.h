// The family `transformer`: encoder-decoder of Vaswani et al. 2017, pre- or post-norm, sinusoidal positions, tied embeddings.
//
// On the CPU all rows are packed: no layer works on padding. `forward_states` runs the whole target at once; `step` keeps the keys and
// values of each layer's earlier positions in the State: per_row = {position_N, cache of layer 0 [N, T, 2D], cache of layer 1, ..}.
// Memory::per_sentence = {source_length_B, keys and values of layer 0 [B, S, 2D], of layer 1, ..}.
#pragma once

#include <memory>
#include <vector>

#include "models/embeddings.h"
#include "models/layers/positions.h"
#include "models/registry.h"
#include "models/seq2seq_model.h"
#include "models/transformer/transformer_layers.h"

namespace attnzoo {

class TransformerModel : public Seq2SeqModel {
 public:
  TransformerModel(const TransformerConfig& config, const VocabularySizes& sizes);

  Memory encode(const torch::Tensor& source_BS) override;
  State start(const Memory& memory) override;
  StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) override;
  torch::Tensor forward_states(const Batch& batch) override;
  torch::Tensor output_weight_VD() const override { return embeddings_.output_weight_VD; }
  torch::Tensor output_bias_V() const override { return embeddings_.output_bias_V; }

 private:
  // Scaled embeddings plus positions, dropped: [..] ids -> [.., D].
  torch::Tensor embed(const Embedding& table, const torch::Tensor& ids, const torch::Tensor& position) const;
  torch::Tensor run_encoder(const torch::Tensor& x, const Rows& rows) const;
  torch::Tensor normed(const std::shared_ptr<LayerNorm>& norm, const torch::Tensor& x) const { return norm ? norm->forward(x) : x; }

  TransformerConfig config_;
  ModelEmbeddings embeddings_;
  SinusoidalPositions positions_;
  std::vector<std::shared_ptr<EncoderLayer>> encoder_;
  std::vector<std::shared_ptr<DecoderLayer>> decoder_;
  std::shared_ptr<LayerNorm> encoder_norm_, decoder_norm_;  // pre-norm only
};

ModelFamily transformer_family();

}  // namespace attnzoo
