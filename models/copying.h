// The pointer-generator (See et al. 2017, 2.2): a word comes from the vocabulary with probability p_gen; otherwise it is copied from a
// source position drawn by attention:
//   P(w) = p_gen P_vocabulary(w) + (1 - p_gen) sum_(s: source_s = w) a_s                                                   eq. 9
//   p_gen = sigmoid(w . [state ; embedded] + b)       eq. 8; the state already includes the context
// Works with any decoder that shows its attention. Source and target share one vocabulary of V words; a word outside it has the id V + s,
// where s is its first source position, so S ids past V suffice for every sentence.
//
// Coverage loss (2.3, eq. 13): sum_t sum_s min(a_ts, c_ts), where c_t is the sum of attention over the steps before t.
#pragma once

#include <torch/types.h>

#include "models/seq2seq_model.h"

namespace attnzoo {

// log P of what can be neither generated nor copied. A logarithm of 0 has no gradient; a search takes it for -infinity.
inline constexpr double kImpossible = -85.0;  // log(1e-37) = -85.2

// Logits over the vocabulary [P, V] -> log P(w) over the extended vocabulary [P, V + S].
torch::Tensor copy_logits(const torch::Tensor& logits_PV, const CopySource& copy, bool frozen = false);

// Summed over real target positions of attention_BTS, where keep_BT is true.
torch::Tensor coverage_loss(const torch::Tensor& attention_BTS, const torch::Tensor& keep_BT);

}  // namespace attnzoo
