// What every model of the zoo is: a module with four verbs and a state that is a value. Greedy search, beam search, sampling,
// scoring, training and export are written once against this interface (DESIGN.md, decision 2).
//
// Shapes follow the legend in models/README.md: B sentences, S source positions, T target positions, N decoding rows,
// P packed (unpadded) positions, V vocabulary, D model width, C memory width.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "data/batch.h"
#include "models/kernels/gemm.h"

namespace attnzoo {

// What the encoder leaves for the decoder. Never changes while decoding; one row a sentence.
struct Memory {
  torch::Tensor memory_BSC;
  torch::Tensor keep_BS;                    // bool, true where a real source token stands (</s> included)
  std::vector<torch::Tensor> per_sentence;  // what `encode` prepares for `step` (projected keys); first dimension B
};

// Everything that a decoder carries from one step to the next. A value: the search copies, reorders, repeats and drops
// rows without knowing what is in it. Several rows may decode the same sentence (beams).
struct State {
  torch::Tensor sentence_N;            // int64, which row of the Memory each decoding row reads
  std::vector<torch::Tensor> per_row;  // first dimension N
  // What earlier steps left and no later one changes. It stays where it was written: a reorder copies none of it, and a tensor of per_row
  // says which of its rows are whose. Free to stay empty.
  std::vector<torch::Tensor> per_step;
  // The rows row_M (int64 indices into N, any order, repeats allowed) of this state.
  State select(const torch::Tensor& row_M) const;
};

struct StepOutput {
  torch::Tensor logits_NV;     // unnormalised
  torch::Tensor attention_NS;  // weights over the source positions, rows sum to 1; undefined unless asked for
  State state;
};

// Where the words of a pointer-generator come from beside its vocabulary; models/copying.h says what is made of it. One row a target
// position.
struct CopySource {
  torch::Tensor generate_P1;  // probability of taking the word from the vocabulary
  torch::Tensor weights_PS;   // attention, the distribution over source positions to copy from
  torch::Tensor source_PS;    // int64, the id at each of them
  CopySource narrow(int64_t begin, int64_t num_rows) const;
};

// What the teacher-forced pass leaves for the loss. P: packed over the real target positions (row by row: sentence 0's positions, then
// sentence 1's).
struct TeacherForced {
  torch::Tensor states_PD;  // what the output layer reads
  torch::Tensor penalty;    // scalar that training adds to the summed loss (the coverage loss); may be undefined
  std::optional<CopySource> copy;
};

// Thread rule: after eval(), encode/start/step/forward may run in several threads at once on one model.
class Seq2SeqModel : public torch::nn::Module {
 public:
  // source_BS: ids as in Batch::source_BS. Rows may have any amount of padding on the right; it changes nothing.
  virtual Memory encode(const torch::Tensor& source_BS) = 0;
  // The state before the first target token, one row a sentence (N = B, sentence_N = 0 .. B-1).
  virtual State start(const Memory& memory) = 0;
  // Feeds one token a row (kBosId first) and returns what may follow it.
  virtual StepOutput step(const Memory& memory, const State& state, const torch::Tensor& previous_N, bool want_attention) = 0;

  // Teacher-forced decoding of a whole batch. Equal to stepping; free to be fused, packed, hand-differentiated.
  virtual TeacherForced forward_states(const Batch& batch) = 0;
  // The output layer: logits = states_PD * weight_VD^T + bias_V. The loss takes these apart to avoid keeping [P, V].
  virtual torch::Tensor output_weight_VD() const = 0;
  virtual torch::Tensor output_bias_V() const = 0;  // may be undefined
  // forward_states() through the output layer, as step() would give them; for tests and small batches.
  torch::Tensor forward(const Batch& batch);  // -> logits_PV

  // As forward(), padded and traceable: (source_BS, target_in_BT) -> logits_BTV. Undefined where the decoder has no such form (and only
  // stepping traces).
  virtual torch::Tensor traceable_forward(const torch::Tensor&, const torch::Tensor&) { return {}; }

  // A language model reads no source (its text is the target), a classifier says one label instead of a sentence, a pointer-generator may
  // say ids past the vocabulary: V + s is the word at source position s (data/extended_vocabulary.h).
  virtual bool reads_source() const { return true; }
  virtual bool says_label() const { return false; }
  virtual bool copies() const { return false; }

  void train(bool on = true) override;

 protected:
  // The output layer, [.., D] -> [.., V]; in inference the packed kernel.
  torch::Tensor logits(const torch::Tensor& states);
  // True where the packed passes apply: float parameters, ids on the CPU, not tracing. Else padded tensors go through ATen.
  bool runs_packed(const torch::Tensor& ids) const;

 private:
  kernels::PackedWeightCache packed_output_;
};

// Every target id in packed order, to be compared with forward(): target_out_BT without its padding.
torch::Tensor packed_targets_P(const Batch& batch);

}  // namespace attnzoo
