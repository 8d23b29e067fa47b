// The training loss of a pointer-generator (models/copying.h): -log P(target) of the mixture of vocabulary and copies,
//   P(y) = p_gen P_vocabulary(y) + (1 - p_gen) sum_(s: source_s = y) a_s,
// with the label smoothing e on the vocabulary's part: loss = (1 - e) (-log P(y)) + e mean_v(-log P_vocabulary(v)).
#pragma once

#include <torch/types.h>

#include "models/seq2seq_model.h"
#include "train/label_smoothed_loss.h"

namespace attnzoo {

// As label_smoothed_loss(), for ids below V + S; throws DataError for others. No [P, V] tensor is kept: logits are made a few hundred rows
// at a time, and once more in the backward pass.
torch::Tensor pointer_loss(const torch::Tensor& states_PD, const CopySource& copy, const torch::Tensor& weight_VD,
                           const torch::Tensor& bias_V, const torch::Tensor& targets_P, const LossOptions& options, LossSums& sums);

}  // namespace attnzoo
