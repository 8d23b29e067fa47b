// The target side of a model: one step, or all steps of a batch at once.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/encoder.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

// A batch's encoded source, as a teacher-forced pass reads it.
struct EncodedSource {
  torch::Tensor memory;  // [.., C], in the layout of `rows`
  const Rows& rows;
  const Encoder& encoder;
};

// The result of a teacher-forced pass, for every target position.
struct DecoderStates {
  torch::Tensor states;         // [.., D], in the layout of the embedded target
  torch::Tensor attention_BTS;  // padded, rows of real positions sum to 1; undefined unless requested
};

// As StepOutput, with the output layer's input in place of the logits.
struct DecoderStep {
  torch::Tensor states_ND, attention_NS;
  State state;
  StepHeads heads;
};

class Decoder : public Part {
 public:
  // False for a classifier: it reads no target, and embedded targets have width 0.
  virtual bool reads_target() const { return true; }

  // What step() reads besides the memory, computed once per sentence: tensors with one row per source position, [.., E] in the layout of
  // `memory` (projected keys), and tensors with one row per sentence (initial states).
  virtual std::vector<torch::Tensor> project_memory(const torch::Tensor& memory) const = 0;
  virtual std::vector<torch::Tensor> initial_states(const EncodedSource&) const { return {}; }

  // The State before the first token, and one step; see Seq2SeqModel. embedded_NI: the previous token's row of the embedding table.
  virtual State start(const Memory& memory) const = 0;
  virtual DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, AttentionRequest request) const = 0;

  // The teacher-forced pass over embedded [.., I]; equals stepping. Packed rows (float, CPU only) come with a packed source.
  virtual DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                bool want_attention) const = 0;
  // Whether a trace of forward() over padded rows is valid at other lengths: it has no C++ loop over positions.
  virtual bool forward_traces() const { return false; }
  // Seq2SeqModel::joins(). All tensors of the state have one row per decoding row and do not grow with the steps, or only in per_step.
  virtual bool joins() const { return true; }

 protected:
  // forward() by stepping, for decoders without a whole-sequence form.
  DecoderStates step_through(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const;
};

// The beginning of every start(): one decoding row per sentence.
State one_row_a_sentence(const Memory& memory);

// The attention shown by a model without a source: uniform over the placeholder for the source.
torch::Tensor attention_to_nothing(const Memory& memory, const torch::Tensor& sentence_N);

// The padded Memory that the decoder's start() and step() read.
Memory make_memory(const Decoder& decoder, const EncodedSource& source);

}  // namespace attnzoo
