// The target side of a model: one step of it, and all steps of a batch at once.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/encoder.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

// A batch's encoded source as a decoder's teacher-forced pass reads it.
struct EncodedSource {
  torch::Tensor memory;  // [.., C], laid out as `rows` says
  const Rows& rows;
  const Encoder& encoder;
};

// What a teacher-forced pass gives for every target position.
struct DecoderStates {
  torch::Tensor states;         // [.., D], laid out as the embedded target
  torch::Tensor attention_BTS;  // padded, rows of real positions sum to 1; undefined unless asked for
};

// As StepOutput, with what the output layer reads in place of the logits.
struct DecoderStep {
  torch::Tensor states_ND, attention_NS;
  State state;
};

class Decoder : public torch::nn::Module {
 public:
  // Whether the target is read at all; a classifier's is not. Without, embedded targets come undefined.
  virtual bool reads_target() const { return true; }

  // What step() reads of a sentence beside the memory, made once: tensors with one row a source position, [.., E] in the layout of `memory`
  // (projected keys), and tensors with one row a sentence (initial states).
  virtual std::vector<torch::Tensor> project_memory(const torch::Tensor& memory) const = 0;
  virtual std::vector<torch::Tensor> initial_states(const EncodedSource&) const { return {}; }

  // The State before the first token and one step, as in Seq2SeqModel. Memory::per_sentence is {length_B, project_memory() padded ..,
  // initial_states() ..}. embedded_NI: the previous token's row of the embedding table.
  virtual State start(const Memory& memory) const = 0;
  virtual DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, bool want_attention) const = 0;

  // The teacher-forced pass over embedded [.., I], equal to stepping. Packed rows come with a packed source, float on the CPU only.
  virtual DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                bool want_attention) const = 0;
  // Whether a trace of forward() over padded rows holds at other lengths: no loop over positions in C++.
  virtual bool forward_traces() const { return false; }

 protected:
  // forward() by stepping: what a decoder without a whole-sequence form falls back on.
  DecoderStates step_through(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const;
};

// The beginning of every start(): a decoding row for each sentence, nothing else yet.
State one_row_a_sentence(const Memory& memory);

// The attention of a decoder that has none, for a model without a source: all of it on what stands in the source's place.
torch::Tensor attention_to_nothing(const Memory& memory, const torch::Tensor& sentence_N);

// Memory as the decoder's start() and step() read it, padded.
Memory make_memory(const Decoder& decoder, const EncodedSource& source);

}  // namespace attnzoo
