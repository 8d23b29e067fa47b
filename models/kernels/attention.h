// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) over segments of packed rows, forward and backward; float, on the CPU. There is
// no padding: a segment is a run of query rows that reads a run of key rows. Decoding steps use decoding_attention.h.
//
// Sentences are short (10 to 100 tokens), so a head's scores fit the cache, and a plain two-pass softmax beats a flash kernel.
#pragma once

#include <cstdint>
#include <vector>

namespace attnzoo::kernels {

// Query rows [query_begin, query_begin + num_queries) read key rows [key_begin, key_begin + num_keys).
struct AttentionSegment {
  int64_t query_begin = 0, num_queries = 0;
  int64_t key_begin = 0, num_keys = 0;
  int64_t weights_begin = 0;  // start of this segment's H * num_queries * num_keys weights in the weights buffer
};

// Row r of an operand begins at data + r * stride; head h has columns [h * head_dim, (h + 1) * head_dim). Keys and values have num_kv_heads
// heads, each read by num_heads / num_kv_heads adjacent query heads.
template <class T>
struct AttentionOperand {
  T* data = nullptr;
  int64_t stride = 0;
};

struct AttentionShape {
  int64_t num_heads = 1, num_kv_heads = 1;
  int64_t head_dim = 1;
  float scale = 1;
  // Query i of a segment is at position p = i + num_keys - num_queries among the keys.
  bool causal = false;            // reads keys 0 .. p
  int64_t window = 0;             // unless 0, reads keys p - window .. p + window
  const float* slopes = nullptr;  // [num_heads] or null: the score of key j gets -slope * |p - j|
};

// Fills weights_begin; returns the size of the weights buffer.
int64_t place_weights(std::vector<AttentionSegment>& segments, int64_t num_heads);

// out = softmax(scale * q k^T) v. `weights` may be null; otherwise it receives the weights, [H, num_queries, num_keys] per segment.
// `dropout` (same layout, each entry 0 or 1 / (1 - p)) multiplies the weights after the softmax; null without dropout.
// A query that may read no key gives a row of zeros.
void attention_forward(const std::vector<AttentionSegment>& segments, const AttentionShape& shape, AttentionOperand<const float> q,
                       AttentionOperand<const float> k, AttentionOperand<const float> v, AttentionOperand<float> out, float* weights,
                       const float* dropout);

// Overwrites dq, dk and dv for every row that the segments cover; each key row must belong to one segment.
void attention_backward(const std::vector<AttentionSegment>& segments, const AttentionShape& shape, AttentionOperand<const float> q,
                        AttentionOperand<const float> k, AttentionOperand<const float> v, AttentionOperand<const float> grad_out,
                        const float* weights, const float* dropout, AttentionOperand<float> dq, AttentionOperand<float> dk,
                        AttentionOperand<float> dv);

}  // namespace attnzoo::kernels
