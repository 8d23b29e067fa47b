// The pointer-generator (See et al. 2017, 2.2): a word comes from the vocabulary with probability p_gen, or is copied from the source
// position that attention points at:
//   P(w) = p_gen P_vocabulary(w) + (1 - p_gen) sum_(s: source_s = w) a_s                                                   eq. 9
//   p_gen = sigmoid(w . [state ; embedded] + b)       eq. 8; the state that the output layer reads has the context in it already
// Works on any decoder that shows its attention. Source and target share one vocabulary of V words; a word that it lacks has the id V + s,
// s being the first source position that holds it, so S places past V are enough for every sentence.
//
// Its loss beside coverage (2.3, eq. 13): sum_t sum_s min(a_ts, c_ts), c_t = sum of the attention of the steps before t.
#pragma once

#include <torch/types.h>

#include "models/seq2seq_model.h"

namespace attnzoo {

// Logits of the vocabulary [P, V] -> log P(w) for the extended vocabulary [P, V + S].
torch::Tensor copy_logits(const torch::Tensor& logits_PV, const CopySource& copy);

// Summed over the real target positions of attention_BTS; keep_BT is true there.
torch::Tensor coverage_loss(const torch::Tensor& attention_BTS, const torch::Tensor& keep_BT);

}  // namespace attnzoo
