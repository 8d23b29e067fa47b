// The families `attention-lstm` and `attention-gru`: bidirectional recurrent encoder, recurrent decoder with additive (Bahdanau et al.
// 2015) or general (Luong et al. 2015) attention and input feeding; equations in recurrent/decoder_pass.h. The decoder starts from
// tanh(W [last forward state ; last backward state]).
//
// State::per_row = {r of the step before, h of cell 0 (c of cell 0), h of cell 1, ..}; r is what input feeding reads.
// Memory::per_sentence = {source_length_B, keys [B, S, A], initial h of cell 0, ..}.
#pragma once

#include <memory>
#include <vector>

#include "models/attention_rnn/attention_rnn_config.h"
#include "models/embeddings.h"
#include "models/layers/linear.h"
#include "models/recurrent/bidirectional_encoder.h"
#include "models/recurrent/decoder_pass.h"
#include "models/registry.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

class AttentionRnnModel : public Seq2SeqModel {
 public:
  AttentionRnnModel(CellKind kind, const AttentionRnnConfig& config, const VocabularySizes& sizes);

  Memory encode(const torch::Tensor& source_BS) override;
  State start(const Memory& memory) override;
  StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) override;
  torch::Tensor forward_states(const Batch& batch) override;
  torch::Tensor output_weight_VD() const override { return embeddings_.output_weight_VD; }
  torch::Tensor output_bias_V() const override { return embeddings_.output_bias_V; }

 private:
  struct Attended {
    torch::Tensor context_NC, weights_NS;
  };
  torch::Tensor embed(const Embedding& table, const torch::Tensor& ids) const;
  // The keys that the score function compares queries with; the memory itself for the general score.
  torch::Tensor keys(const torch::Tensor& memory) const { return key_ ? key_->forward(memory) : memory; }
  // Initial decoder state tensors [B, H] from the ends of both directions.
  std::vector<torch::Tensor> initial_state(const torch::Tensor& last_forward_BE, const torch::Tensor& last_backward_BE) const;
  Attended attend(const Memory& memory, const torch::Tensor& query_NA, const torch::Tensor& sentence_N, bool want_weights) const;
  torch::Tensor stepped_states(const Batch& batch);

  CellKind kind_;
  AttentionRnnConfig config_;
  ModelEmbeddings embeddings_;
  std::shared_ptr<BidirectionalEncoder> encoder_;
  std::shared_ptr<Linear> bridge_, query_, key_, readout_;
  torch::Tensor score_vector_A_;  // additive only
  std::vector<std::shared_ptr<Cell>> cells_;
};

ModelFamily attention_lstm_family();
ModelFamily attention_gru_family();

}  // namespace attnzoo
