// One target forced through a model, token by token, with everything that can be seen on the way. For looking at single sentences: the
// search keeps none of this.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <vector>

#include "models/inference_model.h"

namespace attnzoo {

// T tokens of a target, S of its source. Float, on the CPU.
struct ForcedPass {
  std::vector<double> log_probabilities;               // of each token
  torch::Tensor attention_TS;                          // as StepOutput::attention_NS
  std::vector<torch::Tensor> encoder_HSS, source_HTS;  // by layer; empty where the model has none
  std::vector<torch::Tensor> past_HTT;                 // column 0 is <s>, column t token t - 1; zeros after the row's own column
  torch::Tensor first_log_probability_V;               // of all tokens at the first step
  // Of a pointer-generator, else empty: the probability of taking the token from the vocabulary, and the source position that it was copied
  // from; -1 where it is likelier to come from the vocabulary.
  std::vector<double> generate;
  std::vector<int32_t> copied_from;
};

// `source`: ids with </s>, </s> alone for a language model. `target`: the tokens, </s> included if they have one; not empty. The model is
// in eval() mode, on `device`.
ForcedPass force(const InferenceModel& model, std::span<const int32_t> source, std::span<const int32_t> target, torch::Device device);

}  // namespace attnzoo
