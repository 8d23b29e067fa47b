// The interface of every model: a module with four operations and a state that is a value. Greedy search, beam search, sampling, scoring,
// training and export are written once against it (DESIGN.md, decision 2).
//
// Shapes follow the legend in models/README.md: B sentences, S source positions, T target positions, N decoding rows,
// P packed (unpadded) positions, V vocabulary, D model width, C memory width.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/batch.h"
#include "models/part.h"

namespace attnzoo {

// The encoded source. Constant while decoding; one row per sentence.
struct Memory {
  torch::Tensor memory_BSC;
  torch::Tensor keep_BS;                 // bool, true at real source tokens (</s> included)
  torch::Tensor length_B;                // int64, their number
  std::vector<torch::Tensor> projected;  // what each step reads (keys), [B, S, E]: Decoder::project_memory()
  std::vector<torch::Tensor> initial;    // what start() reads, [B, ..]: Decoder::initial_states()
  torch::Tensor source_BS;               // of a model that copies: the ids; else undefined

  // All that are defined, in this order, and a memory of the same form made of others: for traces, which know lists of tensors only.
  std::vector<torch::Tensor> tensors() const;
  Memory with(std::span<const torch::Tensor> tensors) const;
  // Puts the sentences of another memory in place of the sentences sentence_K (int64, as many) of this one, in place. The other is no
  // wider.
  void replace(const torch::Tensor& sentence_K, const Memory& other);
};

// Everything that a decoder carries from one step to the next. A value: the search copies, reorders, repeats and drops rows without knowing
// their contents. Several rows may decode the same sentence (beams).
struct State {
  torch::Tensor sentence_N;            // int64, the row of Memory that each decoding row reads
  std::vector<torch::Tensor> per_row;  // first dimension N
  // Results of earlier steps that no later step changes, the same number from each step; a reorder does not copy them. Decoding row n reads
  // row origin_NT[n][t] (int32) of those of step t, and none where that is -1: it began later. May be empty, and origin_NT undefined.
  std::vector<torch::Tensor> per_step;
  torch::Tensor origin_NT;
  // The rows row_M (int64 indices into N, any order, repeats allowed) of this state.
  State select(const torch::Tensor& row_M) const;
  // These rows, then those of a state that has made no step yet. Steps that no row reads any more are dropped.
  State joined(const State& fresh) const;
  // As Memory has them; without per_step, which traces do not have.
  std::vector<torch::Tensor> tensors() const;
  State with(std::span<const torch::Tensor> tensors) const;
};

// What a step says of its attention beside the logits. The logits do not depend on it, and what is not asked for costs nothing.
enum class AttentionRequest {
  kNone,
  kMean,   // StepOutput::attention_NS
  kHeads,  // that, and attention by layer and head
};

// Attention by layer and head, one tensor per layer; empty where a model has no such attention. All keys that may not be read (padding,
// beyond a window) have weight 0, and a head's weights sum to 1 unless it reads nothing.
struct StepHeads {
  std::vector<torch::Tensor> source_NHS;  // to the source; of a classifier its pooling
  std::vector<torch::Tensor> past_NHT;    // to the target: column t is the input of step t (0: <s>), the last one this step's
};

struct StepOutput {
  torch::Tensor logits_NV;     // unnormalised
  torch::Tensor attention_NS;  // weights over source positions, rows sum to 1, the last layer's mean over heads; undefined unless requested
  State state;
  StepHeads heads;           // empty unless requested
  torch::Tensor generate_N;  // of a pointer-generator: the probability of taking the word from the vocabulary
};

// Where a pointer-generator may copy from (models/copying.h). One row per target position.
struct CopySource {
  torch::Tensor generate_P1;  // probability of taking the word from the vocabulary
  torch::Tensor weights_PS;   // attention, the distribution over source positions to copy from
  torch::Tensor source_PS;    // int64, the id at each of them
  CopySource narrow(int64_t begin, int64_t num_rows) const;
};

// What the loss gets from the teacher-forced pass. P: packed over real target positions, sentence after sentence.
struct TeacherForced {
  torch::Tensor states_PD;  // input of the output layer
  torch::Tensor penalty;    // scalar added to the summed loss (coverage loss); may be undefined
  std::optional<CopySource> copy;
};

// Threads: after eval(), several threads may call encode, start, step and forward of one model at once, frozen or not.
class Seq2SeqModel : public Part {
 public:
  // source_BS: ids as in Batch::source_BS. The amount of padding on the right has no effect.
  virtual Memory encode(const torch::Tensor& source_BS) = 0;
  // The same, with the self-attention of each encoder layer appended, [B, H, S, S]: query, key. Rows of padding are meaningless. Appends
  // nothing for an encoder without self-attention.
  virtual Memory encode_with_heads(const torch::Tensor& source_BS, std::vector<torch::Tensor>&) { return encode(source_BS); }
  // The state before the first target token, one row per sentence (N = B, sentence_N = 0 .. B-1).
  virtual State start(const Memory& memory) = 0;
  // Feeds one token per row (kBosId first) and returns the distribution of the next.
  virtual StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, AttentionRequest request) = 0;

  // Teacher-forced decoding of a whole batch. Equals stepping; may be fused, packed, differentiated by hand.
  virtual TeacherForced forward_states(const Batch& batch) = 0;
  // The output layer: logits = states_PD * weight_VD^T + bias_V. Separate, so that the loss need not keep [P, V].
  virtual torch::Tensor output_weight_VD() const = 0;
  virtual torch::Tensor output_bias_V() const = 0;  // may be undefined
  // The logits of forward_states(), equal to those of step(); for tests and small batches.
  torch::Tensor forward(const Batch& batch);  // -> logits_PV

  // forward(), padded and traceable: (source_BS, target_in_BT) -> logits_BTV. Undefined for decoders of which only step() can be traced.
  virtual torch::Tensor traceable_forward(const torch::Tensor&, const torch::Tensor&) { return {}; }

  // A language model reads no source (its text is the target). A classifier outputs one label, not a sentence. A pointer-generator may
  // output ids past the vocabulary: V + s is the word at source position s (data/extended_vocabulary.h).
  virtual bool reads_source() const { return true; }
  virtual bool says_label() const { return false; }
  virtual bool copies() const { return false; }
  // Whether rows that have made different numbers of steps may be rows of one State: State::joined().
  virtual bool joins() const { return false; }

  // The output layer, [.., D] -> [.., V].
  torch::Tensor logits(const torch::Tensor& states) const;

 protected:
  void pack(Compute compute) override { packed_output_ = kernels::pack_linear(output_weight_VD(), output_bias_V(), compute); }
  void unpack() override { packed_output_.reset(); }
  // True where packed passes apply: float parameters, ids on the CPU, not tracing. Otherwise padded tensors go through ATen.
  bool runs_packed(const torch::Tensor& ids) const;

 private:
  std::shared_ptr<const kernels::PackedLinear> packed_output_;
};

// target_out_BT without its padding, in the order of forward().
torch::Tensor packed_targets_P(const Batch& batch);

}  // namespace attnzoo
