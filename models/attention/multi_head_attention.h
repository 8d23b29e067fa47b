// Multi-head scaled dot-product attention (Vaswani et al. 2017, 3.2.2):
//   head_h = softmax(q_h k_h^T / sqrt(K)) v_h,  out = [head_1 .. head_H] W_o
// with the variations of AttentionForm. It runs in three ways, equal up to rounding: packed rows through the hand-written kernel (training
// and inference on the CPU), padded tensors through ATen's fused SDPA (tracing, other devices, double), and padded tensors with explicit
// weights when they are requested. Relative positions have a kernel only in decoding steps.
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

// Attention of packed rows, differentiable; float, on the CPU. In self-attention q and kv are the same tensor [P, D + E] (query, key,
// value); in cross attention q is [P, D] and kv [P', E].
torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& kv, const Packing& q_packing, const Packing& kv_packing,
                               const AttentionForm& form, bool causal, double dropout, bool frozen = false);

// Attention of every position of one text over another text, both packed or both padded. kv holds keys and values side by side.
// weights_BTS: null, or receives the padded weights; the packed kernel cannot compute them, so requesting them is slower.
torch::Tensor attend_sequences(const torch::Tensor& q, const Rows& q_rows, const torch::Tensor& kv, const Rows& kv_rows,
                               const AttentionForm& form, double dropout, torch::Tensor* weights_BTS);

// Decoding, one query per row, over the memory of its sentence: q_ND, kv_BSE. Row n reads sentence sentence_N[n], of which length_B
// positions are real. Only the form's heads are used: source and target positions have no distance.
AttentionResult memory_attention(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                 const torch::Tensor& length_B, const AttentionForm& form, bool want_weights, bool frozen);

// Decoding, one query per row, over all steps up to its own. The queries are the first `dim` columns of qkv_NE. per_step[t * num_layers +
// layer] holds the keys and values of step t, side by side, [N_t, E], of which row n reads row origin_NT[n][t] (int32). For frozen models
// only.
torch::Tensor past_attention(const torch::Tensor& qkv_NE, int64_t dim, const std::vector<torch::Tensor>& per_step, size_t layer,
                             size_t num_layers, const torch::Tensor& origin_NT, const AttentionForm& form);

// The weights of these two by head, [N, H, S] and [N, H, T], for those who look at them: the kernels keep only means.
torch::Tensor memory_attention_by_head(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                       const torch::Tensor& length_B, const AttentionForm& form);
torch::Tensor past_attention_by_head(const torch::Tensor& q_ND, const std::vector<torch::Tensor>& per_step, size_t layer, size_t num_layers,
                                     const torch::Tensor& origin_NT, const AttentionForm& form);

}  // namespace attnzoo
