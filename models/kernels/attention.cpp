#include "models/kernels/attention.h"

#include <algorithm>

#include "data/parallel.h"
#include "models/kernels/simd.h"
#include "models/kernels/small_matmul.h"
#include "models/kernels/softmax_row.h"

namespace attnzoo::kernels {
namespace {

int64_t round_up_16(int64_t n) { return (n + 15) / 16 * 16; }

// Scratch memory of one thread; grows with the longest segment so far.
struct Scratch {
  std::vector<float> transposed, scores, value_transposed, grad_scores, grad_keys, grad_values;
};

Scratch& scratch() {
  static thread_local Scratch buffers;
  return buffers;
}

// to[d][j] = from[j][d]; columns past num_rows are zero, so that products run over whole vectors.
ATTNZOO_INLINE void transpose(const float* from, int64_t stride, int64_t num_rows, int64_t num_columns, float* to, int64_t to_stride) {
  for (int64_t d = 0; d < num_columns; ++d)
    for (int64_t j = num_rows; j < to_stride; ++j) to[d * to_stride + j] = 0;
  for (int64_t j = 0; j < num_rows; ++j)
    for (int64_t d = 0; d < num_columns; ++d) to[d * to_stride + j] = from[j * stride + d];
}

// A query reads keys [first, last).
struct KeyRange {
  int64_t first, last;
};

ATTNZOO_INLINE KeyRange keys_of(const AttentionSegment& s, const AttentionShape& shape, int64_t query) {
  const int64_t place = query + s.num_keys - s.num_queries;
  const int64_t first = shape.window > 0 ? place - shape.window : 0;
  const int64_t last = shape.causal ? place + 1 : shape.window > 0 ? place + shape.window + 1 : s.num_keys;
  return {std::clamp<int64_t>(first, 0, s.num_keys), std::clamp<int64_t>(last, 0, s.num_keys)};
}

// Scores to weights in place, for row i of a head; only the columns that its block of queries reads hold scores.
ATTNZOO_INLINE void weigh_row(const AttentionSegment& s, const AttentionShape& shape, int64_t head, int64_t i, float* row, int64_t padded) {
  const auto [first, last] = keys_of(s, shape, i);
  if (shape.slopes) {
    const int64_t place = i + s.num_keys - s.num_queries;
    for (int64_t j = first; j < last; ++j) row[j] -= shape.slopes[head] * static_cast<float>(place < j ? j - place : place - j);
  }
  softmax_row(row + first, last - first, padded - first);
  for (int64_t j = 0; j < first; ++j) row[j] = 0;
}

ATTNZOO_CPU_CLONES void forward_head(const AttentionSegment& s, const AttentionShape& shape, int64_t head, const float* q, int64_t q_stride,
                                     const float* k, int64_t k_stride, const float* v, int64_t v_stride, float* out, int64_t out_stride,
                                     float* weights, const float* dropout, float* scores, float* keys_transposed) {
  const int64_t padded = round_up_16(s.num_keys), dim = shape.head_dim;
  transpose(k, k_stride, s.num_keys, dim, keys_transposed, padded);
  // With a window, a few queries at a time, so that most keys outside it are not multiplied.
  const int64_t block = shape.window > 0 ? 4 : std::max<int64_t>(s.num_queries, 1);
  for (int64_t begin = 0; begin < s.num_queries; begin += block) {
    const int64_t end = std::min(begin + block, s.num_queries), last = keys_of(s, shape, end - 1).last;
    const int64_t first = std::min(keys_of(s, shape, begin).first, last) / 16 * 16;
    small_matmul(q + begin * q_stride, q_stride, 1, keys_transposed + first, padded, scores + begin * padded + first, padded, end - begin,
                 round_up_16(last) - first, dim, shape.scale);
    for (int64_t i = begin; i < end; ++i) {
      float* row = scores + i * padded;
      weigh_row(s, shape, head, i, row, padded);
      if (weights) std::copy(row, row + s.num_keys, weights + i * s.num_keys);
      if (dropout)
        for (int64_t j = 0; j < s.num_keys; ++j) row[j] *= dropout[i * s.num_keys + j];
    }
    small_matmul(scores + begin * padded + first, padded, 1, v + first * v_stride, v_stride, out + begin * out_stride, out_stride,
                 end - begin, dim, last - first);
  }
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

// Runs body(segment, head) for all, in parallel; each writes its own rows or columns.
template <class Body>
void for_each_head(const std::vector<AttentionSegment>& segments, int64_t num_heads, const Body& body) {
  const auto count = static_cast<int64_t>(segments.size()) * num_heads;
  parallel_for(0, count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(segments[static_cast<size_t>(i / num_heads)], i % num_heads);
  });
}

void add_rows(const float* from, int64_t num_rows, int64_t num_columns, float* to, int64_t to_stride) {
  for (int64_t j = 0; j < num_rows; ++j)
    for (int64_t d = 0; d < num_columns; ++d) to[j * to_stride + d] += from[j * num_columns + d];
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
    const int64_t column = head * shape.head_dim, kv_column = head / (shape.num_heads / shape.num_kv_heads) * shape.head_dim;
    const int64_t at = s.weights_begin + head * s.num_queries * s.num_keys, padded = round_up_16(s.num_keys);
    auto& buffers = scratch();
    forward_head(s, shape, head, q.data + s.query_begin * q.stride + column, q.stride, k.data + s.key_begin * k.stride + kv_column,
                 k.stride, v.data + s.key_begin * v.stride + kv_column, v.stride, out.data + s.query_begin * out.stride + column,
                 out.stride, weights ? weights + at : nullptr, dropout ? dropout + at : nullptr,
                 sized(buffers.scores, s.num_queries * padded), sized(buffers.transposed, shape.head_dim * padded));
  });
}

void attention_backward(const std::vector<AttentionSegment>& segments, const AttentionShape& shape, AttentionOperand<const float> q,
                        AttentionOperand<const float> k, AttentionOperand<const float> v, AttentionOperand<const float> grad_out,
                        const float* weights, const float* dropout, AttentionOperand<float> dq, AttentionOperand<float> dk,
                        AttentionOperand<float> dv) {
  const int64_t group = shape.num_heads / shape.num_kv_heads, dim = shape.head_dim;
  for_each_head(segments, shape.num_kv_heads, [&](const AttentionSegment& s, int64_t kv_head) {
    const int64_t padded = round_up_16(s.num_keys), kv_column = kv_head * dim;
    auto& buffers = scratch();
    float *dk_head = dk.data + s.key_begin * dk.stride + kv_column, *dv_head = dv.data + s.key_begin * dv.stride + kv_column;
    for (int64_t member = 0; member < group; ++member) {
      const int64_t head = kv_head * group + member, column = head * dim;
      const int64_t at = s.weights_begin + head * s.num_queries * s.num_keys;
      // The first head of a group writes the gradients of its keys; the others add to them.
      const bool adds = member > 0;
      float* dk_to = adds ? sized(buffers.grad_keys, s.num_keys * dim) : dk_head;
      float* dv_to = adds ? sized(buffers.grad_values, s.num_keys * dim) : dv_head;
      backward_head(s, shape, q.data + s.query_begin * q.stride + column, q.stride, k.data + s.key_begin * k.stride + kv_column, k.stride,
                    v.data + s.key_begin * v.stride + kv_column, v.stride, grad_out.data + s.query_begin * grad_out.stride + column,
                    grad_out.stride, weights + at, dropout ? dropout + at : nullptr, dq.data + s.query_begin * dq.stride + column,
                    dq.stride, dk_to, adds ? dim : dk.stride, dv_to, adds ? dim : dv.stride, sized(buffers.scores, s.num_queries * padded),
                    sized(buffers.grad_scores, s.num_queries * padded), sized(buffers.value_transposed, dim * padded));
      if (adds) {
        add_rows(dk_to, s.num_keys, dim, dk_head, dk.stride);
        add_rows(dv_to, s.num_keys, dim, dv_head, dv.stride);
      }
    }
  });
}

}  // namespace attnzoo::kernels
