// A recurrent decoder with attention (Bahdanau et al. 2015, Luong et al. 2015; attention/score_attention.h) and input feeding; equations in
// recurrent/decoder_pass.h. It starts from tanh(W summary of the source).
//
// A language model has no source: no attention, no input feeding, initial states of zeros, and r_t = tanh(W_r h_t + b_r).
//
// State::per_row = {r of the previous step, h of cell 0 (c of cell 0), h of cell 1, .., position_N, coverage_NS, masks ..}. Input feeding
// reads r. Position and coverage exist only if the attention reads them, masks only in training with variational dropout.
// Memory::projected = {keys [B, S, A]}; Memory::initial = {h of cell 0 (c of cell 0), h of cell 1, ..}.
#pragma once

#include <memory>
#include <vector>

#include "models/attention/score_attention.h"
#include "models/attention_rnn/attention_decoder_config.h"
#include "models/decoder.h"
#include "models/layers/linear.h"
#include "models/layers/norm.h"
#include "models/recurrent/cell.h"
#include "models/recurrent/decoder_pass.h"

namespace attnzoo {

class AttentionDecoder : public Decoder {
 public:
  AttentionDecoder(const AttentionDecoderConfig& config, const EncoderShape& encoder);
  std::vector<torch::Tensor> project_memory(const torch::Tensor& memory) const override {
    return {attention_ ? attention_->keys(memory) : memory};
  }
  std::vector<torch::Tensor> initial_states(const EncodedSource& source) const override;
  State start(const Memory& memory) const override;
  DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, AttentionRequest request) const override;
  DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const override;

 private:
  struct Attended {
    torch::Tensor context_NC, weights_NS, heads_NHS;
  };
  // The teacher-forced pass without a source: only the cells run step by step.
  torch::Tensor forward_alone(const torch::Tensor& embedded, const Rows& rows) const;
  // What a layer passes up: normalised h, plus its input if the stack is residual.
  torch::Tensor layer_output(size_t layer, const torch::Tensor& h, const torch::Tensor& input) const;
  // position_N and coverage_NS: the state's, or undefined.
  Attended attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& h_NH, const torch::Tensor& position_N,
                  const torch::Tensor& coverage_NS) const;
  Attended attend_plain(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& h_NH) const;

  DecoderMasks draw_masks(int64_t num_sentences) const;

  CellKind kind_;
  AttentionDecoderConfig config_;
  std::shared_ptr<Linear> bridge_, readout_;
  std::shared_ptr<ScoreAttention> attention_;  // null in a language model
  std::vector<std::shared_ptr<Cell>> cells_;
  std::vector<std::shared_ptr<Norm>> norms_;  // one per cell, or none
};

}  // namespace attnzoo
