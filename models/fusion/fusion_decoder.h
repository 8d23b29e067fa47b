// A decoder of fusion layers: attention to the memory is fused into its cells. It starts from tanh(W summary of the source). The two-sided
// form reads the memory (as h_j and x_j, projected to the layers' width). The causal form reads memory and its own earlier states and
// inputs in one softmax, so it also works without a source, as a language model. The attention it shows is the top layer's to the memory,
// in the causal form normalised to sum to 1.
//
// State::per_row = {h of layer 0 (c of layer 0), h of layer 1, .., in the causal form also states and inputs so far [N, T, 2D] per layer}.
// Memory::projected = {the memory twice side by side [B, S, 2D]}; Memory::initial = {h of layer 0 (c of layer 0), ..}.
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
  DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, AttentionRequest request) const override;
  DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const override;
  bool joins() const override { return !causal_; }

 private:
  struct Attended {
    torch::Tensor a_ND, weights_NS;
    torch::Tensor past_NT;  // causal form, when heads are wanted: the share of each earlier position
  };
  // past_NTE is undefined in the two-sided form.
  Attended attend(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND, const torch::Tensor& past_NTE,
                  AttentionRequest request) const;
  Attended attend_with_past(const Memory& memory, const torch::Tensor& sentence_N, const torch::Tensor& q_ND, const torch::Tensor& past_NTE,
                            bool want_past) const;
  torch::Tensor enter(const torch::Tensor& embedded) const;

  FusionConfig config_;
  bool causal_, has_source_;
  std::shared_ptr<Linear> input_, memory_, bridge_;  // input_, memory_: null if widths match; memory_, bridge_: null without a source
  std::vector<std::shared_ptr<FusionLayer>> layers_;
};

}  // namespace attnzoo
