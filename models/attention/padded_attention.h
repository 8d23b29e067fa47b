// The variations of a Transformer's attention, and the implementation that runs everywhere: padded tensors through ATen, for tracing,
// double, other devices, and when weights are requested. The fast twins are in multi_head_attention.h.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace attnzoo {

// score_ij = q_i (k_j + a^K_r) / sqrt(K) - slope_h |i - j|,  out_i = sum_j softmax(score_i)_j (v_j + a^V_r),  r = clip(j - i, -k, k)
// over the keys j that position i may read. Keys and values are side by side: E = 2 * kv_heads() * K columns.
struct AttentionForm {
  int64_t num_heads = 1;
  // Grouped-query (Ainslie et al. 2023) and multi-query attention (1; Shazeer 2019): num_heads / num_kv_heads adjacent query heads share a
  // head of keys and values. 0: as many as num_heads.
  int64_t num_kv_heads = 0;
  // Unless 0, only keys with |i - j| <= window are read (Beltagy et al. 2020).
  int64_t window = 0;
  // ALiBi (Press et al. 2022); float on the CPU, or undefined.
  torch::Tensor slope_H = {};
  // Relative positions (Shaw et al. 2018): one table for all heads, R = 2k + 1 rows from distance -k on; or undefined.
  torch::Tensor relative_key_RK = {}, relative_value_RK = {};

  int64_t kv_heads() const { return num_kv_heads > 0 ? num_kv_heads : num_heads; }
};

// 2^(-8 h / H) for h = 1 .. H (Press et al. 2022, 3), float.
torch::Tensor alibi_slopes(int64_t num_heads);

struct AttentionResult {
  torch::Tensor out;      // like the query
  torch::Tensor weights;  // averaged over heads, [.., S] in place of the last dimension of the query; undefined unless requested
};

// q_BTD, kv_BSE. keep_BS: true where a key may be read; undefined means everywhere. causal: no key after the query. If T < S, the queries
// are the last T positions, as in a decoding step.
AttentionResult padded_attention(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS,
                                 const AttentionForm& form, bool causal, double dropout, bool want_weights);

// The weights alone, of each head, without dropout: [B, H, T, S].
torch::Tensor attention_by_head(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS,
                                const AttentionForm& form, bool causal);

}  // namespace attnzoo
