// Multi-head scaled dot-product attention (Vaswani et al. 2017, 3.2.2):
//   head_h = softmax(q_h k_h^T / sqrt(K)) v_h,  out = [head_1 .. head_H] W_o
// Three ways to run, equal up to rounding: packed rows through the hand-written kernel (training and inference on the CPU), padded tensors
// through ATen's fused SDPA (tracing, other devices, double), and padded with explicit weights where they are asked for.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/layers/linear.h"
#include "models/layers/packing.h"
#include "models/layers/rows.h"

namespace attnzoo {

// Attention of packed rows, differentiable. q_PD has H * K columns from `q_column` on; keys and values begin at their columns of kv.
// For self-attention q and kv are the same tensor [P, 3D]; for cross attention kv is [P', 2D]. Float on the CPU only.
torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& kv, const Packing& q_packing, const Packing& kv_packing,
                               int64_t num_heads, bool causal, double dropout);

struct AttentionResult {
  torch::Tensor out;      // like the query
  torch::Tensor weights;  // averaged over the heads, [.., S] in place of the query's last dimension; undefined unless asked for
};

// Attention over padded tensors with ATen: q_BTD, kv_BSE with E = 2D. keep_BS: true where a key may be read; undefined means all.
AttentionResult padded_attention(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS, int64_t num_heads,
                                 bool causal, double dropout, bool want_weights);

// Attention of every query position of a text over another text, both packed or both padded: kv has keys and values side by side.
// weights_BTS: null, or where the weights go, padded; asking for them costs the packed path its kernel.
torch::Tensor attend_sequences(const torch::Tensor& q, const Rows& q_rows, const torch::Tensor& kv, const Rows& kv_rows, int64_t num_heads,
                               double dropout, torch::Tensor* weights_BTS);

// Decoding, one query a row, against the memory of its sentence: q_ND, kv_BSE with E = 2D; row n reads sentence sentence_N[n], of which
// length_B positions are real.
AttentionResult memory_attention(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                 const torch::Tensor& length_B, int64_t num_heads, bool want_weights);

// Decoding, one query a row, against the steps before it and itself: q_ND; per_step[t * num_layers + layer] holds keys and values side by
// side, [N_t, 2D], as step t left them, and row n reads its row origin_NT[n][t] (int32). Inference in float on the CPU only.
torch::Tensor past_attention(const torch::Tensor& q_ND, const std::vector<torch::Tensor>& per_step, size_t layer, size_t num_layers,
                             const torch::Tensor& origin_NT, int64_t num_heads);

}  // namespace attnzoo
