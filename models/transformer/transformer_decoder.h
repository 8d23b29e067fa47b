// A stack of masked self-attention layers that attend to a memory (Vaswani et al. 2017, 3.1).
//
// Memory::projected = {keys and values of layer 0 [B, S, E], of layer 1, ..}.
// State::per_row = {position_N, the past ..}. The past has two forms. In a frozen model, each step's keys and values stay in place
// (State::per_step, layer by layer). A beam then reorders a small table (State::origin_NT) instead of caches, whose copies took a tenth of
// the time for short sentences and most of it for long ones. Otherwise per_row holds a cache [N, T, E] per layer.
#pragma once

#include <memory>
#include <vector>

#include "models/decoder.h"
#include "models/transformer/transformer_layers.h"

namespace attnzoo {

class TransformerDecoder : public Decoder {
 public:
  TransformerDecoder(const TransformerDecoderConfig& config, const EncoderShape& encoder);
  std::vector<torch::Tensor> project_memory(const torch::Tensor& memory) const override;
  State start(const Memory& memory) const override;
  DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, AttentionRequest request) const override;
  DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const override;
  bool forward_traces() const override { return !ssru_; }
  bool joins() const override { return frozen(); }

 private:
  torch::Tensor normed(const torch::Tensor& x) const { return norm_ ? norm_->forward(x) : x; }

  int64_t model_dim_;
  bool ssru_, has_source_;
  double layer_drop_;
  std::shared_ptr<TransformerInput> input_;
  std::vector<std::shared_ptr<DecoderLayer>> layers_;
  std::shared_ptr<Norm> norm_;  // null if the stack does not end with one
};

}  // namespace attnzoo
