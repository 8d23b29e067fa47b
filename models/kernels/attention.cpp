#include "models/kernels/attention.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "models/kernels/simd.h"
#include "models/kernels/small_matmul.h"
#include "models/kernels/softmax_row.h"

namespace attnzoo::kernels {
namespace {

int64_t round_up_16(int64_t n) { return (n + 15) / 16 * 16; }

// The scratch of one thread; grows to the longest segment it has met.
struct Scratch {
  std::vector<float> transposed, scores, value_transposed, grad_scores;
};

Scratch& scratch() {
  static thread_local Scratch buffers;
  return buffers;
}

// to[d][j] = from[j][d]; columns past num_rows are zero, so that the products run over whole vectors.
ATTNZOO_INLINE void transpose(const float* from, int64_t stride, int64_t num_rows, int64_t num_columns, float* to, int64_t to_stride) {
  for (int64_t d = 0; d < num_columns; ++d)
    for (int64_t j = num_rows; j < to_stride; ++j) to[d * to_stride + j] = 0;
  for (int64_t j = 0; j < num_rows; ++j)
    for (int64_t d = 0; d < num_columns; ++d) to[d * to_stride + j] = from[j * stride + d];
}

ATTNZOO_INLINE int64_t visible_keys(const AttentionSegment& s, bool causal, int64_t query) {
  return causal ? std::clamp<int64_t>(query + 1 + s.num_keys - s.num_queries, 0, s.num_keys) : s.num_keys;
}

ATTNZOO_CPU_CLONES void forward_head(const AttentionSegment& s, const AttentionShape& shape, const float* q, int64_t q_stride,
                                     const float* k, int64_t k_stride, const float* v, int64_t v_stride, float* out, int64_t out_stride,
                                     float* weights, const float* dropout, float* scores, float* keys_transposed) {
  const int64_t padded = round_up_16(s.num_keys), dim = shape.head_dim;
  transpose(k, k_stride, s.num_keys, dim, keys_transposed, padded);
  small_matmul(q, q_stride, 1, keys_transposed, padded, scores, padded, s.num_queries, padded, dim, shape.scale);
  for (int64_t i = 0; i < s.num_queries; ++i) {
    float* row = scores + i * padded;
    softmax_row(row, visible_keys(s, shape.causal, i), padded);
    if (weights) std::copy(row, row + s.num_keys, weights + i * s.num_keys);
    if (dropout)
      for (int64_t j = 0; j < s.num_keys; ++j) row[j] *= dropout[i * s.num_keys + j];
  }
  small_matmul(scores, padded, 1, v, v_stride, out, out_stride, s.num_queries, dim, s.num_keys);
}

ATTNZOO_CPU_CLONES void backward_head(const AttentionSegment& s, const AttentionShape& shape, const float* q, int64_t q_stride,
                                      const float* k, int64_t k_stride, const float* v, int64_t v_stride, const float* grad_out,
                                      int64_t grad_stride, const float* weights, const float* dropout, float* dq, int64_t dq_stride,
                                      float* dk, int64_t dk_stride, float* dv, int64_t dv_stride, float* dropped, float* grad_weights,
                                      float* values_transposed) {
  const int64_t padded = round_up_16(s.num_keys), dim = shape.head_dim;
  for (int64_t i = 0; i < s.num_queries; ++i)
    for (int64_t j = 0; j < s.num_keys; ++j)
      dropped[i * padded + j] = weights[i * s.num_keys + j] * (dropout ? dropout[i * s.num_keys + j] : 1.0f);
  small_matmul(dropped, 1, padded, grad_out, grad_stride, dv, dv_stride, s.num_keys, dim, s.num_queries);
  transpose(v, v_stride, s.num_keys, dim, values_transposed, padded);
  small_matmul(grad_out, grad_stride, 1, values_transposed, padded, grad_weights, padded, s.num_queries, padded, dim);
  for (int64_t i = 0; i < s.num_queries; ++i) {
    float* row = grad_weights + i * padded;
    const float* w = weights + i * s.num_keys;
    if (dropout)
      for (int64_t j = 0; j < s.num_keys; ++j) row[j] *= dropout[i * s.num_keys + j];
    float inner = 0;
    for (int64_t j = 0; j < s.num_keys; ++j) inner += row[j] * w[j];
    for (int64_t j = 0; j < s.num_keys; ++j) row[j] = (row[j] - inner) * w[j];
  }
  small_matmul(grad_weights, padded, 1, k, k_stride, dq, dq_stride, s.num_queries, dim, s.num_keys, shape.scale);
  small_matmul(grad_weights, 1, padded, q, q_stride, dk, dk_stride, s.num_keys, dim, s.num_queries, shape.scale);
}

// Runs body(segment, head) for all, in parallel where there are threads; each writes rows of its own.
template <class Body>
void for_each_head(const std::vector<AttentionSegment>& segments, int64_t num_heads, const Body& body) {
  const auto count = static_cast<int64_t>(segments.size()) * num_heads;
  at::parallel_for(0, count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(segments[static_cast<size_t>(i / num_heads)], i % num_heads);
  });
}

float* sized(std::vector<float>& buffer, int64_t size) {
  if (static_cast<int64_t>(buffer.size()) < size) buffer.resize(static_cast<size_t>(size));
  return buffer.data();
}

}  // namespace

int64_t place_weights(std::vector<AttentionSegment>& segments, int64_t num_heads) {
  int64_t size = 0;
  for (auto& segment : segments) {
    segment.weights_begin = size;
    size += num_heads * segment.num_queries * segment.num_keys;
  }
  return size;
}

void attention_forward(const std::vector<AttentionSegment>& segments, const AttentionShape& shape, AttentionOperand<const float> q,
                       AttentionOperand<const float> k, AttentionOperand<const float> v, AttentionOperand<float> out, float* weights,
                       const float* dropout) {
  for_each_head(segments, shape.num_heads, [&](const AttentionSegment& s, int64_t head) {
    const int64_t column = head * shape.head_dim, padded = round_up_16(s.num_keys);
    const int64_t at = s.weights_begin + head * s.num_queries * s.num_keys;
    auto& buffers = scratch();
    forward_head(s, shape, q.data + s.query_begin * q.stride + column, q.stride, k.data + s.key_begin * k.stride + column, k.stride,
                 v.data + s.key_begin * v.stride + column, v.stride, out.data + s.query_begin * out.stride + column, out.stride,
                 weights ? weights + at : nullptr, dropout ? dropout + at : nullptr, sized(buffers.scores, s.num_queries * padded),
                 sized(buffers.transposed, shape.head_dim * padded));
  });
}

void attention_backward(const std::vector<AttentionSegment>& segments, const AttentionShape& shape, AttentionOperand<const float> q,
                        AttentionOperand<const float> k, AttentionOperand<const float> v, AttentionOperand<const float> grad_out,
                        const float* weights, const float* dropout, AttentionOperand<float> dq, AttentionOperand<float> dk,
                        AttentionOperand<float> dv) {
  for_each_head(segments, shape.num_heads, [&](const AttentionSegment& s, int64_t head) {
    const int64_t column = head * shape.head_dim, padded = round_up_16(s.num_keys);
    const int64_t at = s.weights_begin + head * s.num_queries * s.num_keys;
    auto& buffers = scratch();
    backward_head(s, shape, q.data + s.query_begin * q.stride + column, q.stride, k.data + s.key_begin * k.stride + column, k.stride,
                  v.data + s.key_begin * v.stride + column, v.stride, grad_out.data + s.query_begin * grad_out.stride + column,
                  grad_out.stride, weights + at, dropout ? dropout + at : nullptr, dq.data + s.query_begin * dq.stride + column, dq.stride,
                  dk.data + s.key_begin * dk.stride + column, dk.stride, dv.data + s.key_begin * dv.stride + column, dv.stride,
                  sized(buffers.scores, s.num_queries * padded), sized(buffers.grad_scores, s.num_queries * padded),
                  sized(buffers.value_transposed, shape.head_dim * padded));
  });
}

}  // namespace attnzoo::kernels
