// A stack of fusion layers that says the target: attention to the memory is fused into its cells. It starts from tanh(W summary of the
// source). The two-sided form reads the memory (as h_j and x_j, brought to the layers' width); the causal one the memory and its own
// earlier states and inputs in one softmax, so that it also works alone, as a language model. Shown is the uppermost layer's attention to
// the memory, in the causal form as shares of what falls on the memory.
//
// State::per_row = {h of layer 0 (c of layer 0), h of layer 1, .., in the causal form [N, T, 2D] a layer: states and inputs so far}.
// Memory::per_sentence = {source_length_B, the memory twice side by side [B, S, 2D], initial h of layer 0, ..}.
#pragma once

#include <memory>
#include <vector>

#include "models/decoder.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_layer.h"

namespace attnzoo {

class FusionDecoder : public Decoder {
 public:
  FusionDecoder(const FusionConfig& config, const EncoderShape& encoder);
  std::vector<torch::Tensor> project_memory(const torch::Tensor& memory) const override;
  std::vector<torch::Tensor> initial_states(const EncodedSource& source) const override;
  State start(const Memory& memory) const override;
  DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, bool want_attention) const override;
  DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const override;

 private:
  struct Attended {
    torch::Tensor a_ND, weights_NS;
  };
  // past_NTE: undefined in the two-sided form.
  Attended attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND, const torch::Tensor& past_NTE,
                  bool want_weights) const;
  Attended attend_with_past(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND,
                            const torch::Tensor& past_NTE) const;
  torch::Tensor enter(const torch::Tensor& embedded) const;

  FusionConfig config_;
  bool causal_, has_source_;
  std::shared_ptr<Linear> input_, memory_, bridge_;  // the first two null where widths agree, the others without a source
  std::vector<std::shared_ptr<FusionLayer>> layers_;
};

}  // namespace attnzoo
