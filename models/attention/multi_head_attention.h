// Multi-head scaled dot-product attention (Vaswani et al. 2017, 3.2.2):
//   head_h = softmax(q_h k_h^T / sqrt(K)) v_h,  out = [head_1 .. head_H] W_o
// and what composes with it (AttentionForm). Three ways to run, equal up to rounding: packed rows through the hand-written kernel (training
// and inference on the CPU), padded tensors through ATen's fused SDPA (tracing, other devices, double), and padded with explicit weights
// where they are asked for. Relative positions have a kernel in decoding steps alone.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/attention/padded_attention.h"
#include "models/layers/packing.h"
#include "models/layers/rows.h"

namespace attnzoo {

// Attention of packed rows, differentiable. For self-attention q and kv are the same tensor [P, D + E] (query, key, value); for cross
// attention q is [P, D] and kv [P', E]. Float on the CPU only.
torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& kv, const Packing& q_packing, const Packing& kv_packing,
                               const AttentionForm& form, bool causal, double dropout);

// Attention of every query position of a text over another text, both packed or both padded: kv has keys and values side by side.
// weights_BTS: null, or where the weights go, padded; asking for them costs the packed path its kernel.
torch::Tensor attend_sequences(const torch::Tensor& q, const Rows& q_rows, const torch::Tensor& kv, const Rows& kv_rows,
                               const AttentionForm& form, double dropout, torch::Tensor* weights_BTS);

// Decoding, one query a row, against the memory of its sentence: q_ND, kv_BSE; row n reads sentence sentence_N[n], of which length_B
// positions are real. Only the heads of the form count: a memory's positions have no distance to a target's.
AttentionResult memory_attention(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                 const torch::Tensor& length_B, const AttentionForm& form, bool want_weights);

// Decoding, one query a row, against the steps before it and itself: q_ND; per_step[t * num_layers + layer] holds keys and values side by
// side, [N_t, E], as step t left them, and row n reads its row origin_NT[n][t] (int32). Inference in float on the CPU only.
torch::Tensor past_attention(const torch::Tensor& q_ND, const std::vector<torch::Tensor>& per_step, size_t layer, size_t num_layers,
                             const torch::Tensor& origin_NT, const AttentionForm& form);

}  // namespace attnzoo
