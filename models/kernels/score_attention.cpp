#include "models/kernels/score_attention.h"

#include <vector>

#include "data/parallel.h"
#include "models/kernels/simd.h"

namespace attnzoo::kernels {
namespace {

typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

ATTNZOO_INLINE float lane_sum(const Lanes& lanes) {
  float total = 0;
  for (int i = 0; i < 16; ++i) total += lanes[i];
  return total;
}

ATTNZOO_INLINE float lane_dot(const float* a, const float* b, int64_t count) {
  Lanes sum = {};
  int64_t d = 0;
  for (; d + 16 <= count; d += 16) sum += *reinterpret_cast<const Lanes*>(a + d) * *reinterpret_cast<const Lanes*>(b + d);
  float total = lane_sum(sum);
  for (; d < count; ++d) total += a[d] * b[d];
  return total;
}

// v . tanh(q + k), sixteen lanes at a time.
ATTNZOO_INLINE float additive_score(const float* q, const float* k, const float* v, int64_t count) {
  float lanes[16] = {};
  int64_t d = 0;
  for (; d + 16 <= count; d += 16)
    for (int i = 0; i < 16; ++i) lanes[i] += v[d + i] * fast_tanh(q[d + i] + k[d + i]);
  float total = 0;
  for (int i = 0; i < 16; ++i) total += lanes[i];
  for (; d < count; ++d) total += v[d] * fast_tanh(q[d] + k[d]);
  return total;
}

ATTNZOO_CPU_CLONES void forward_row(const ScoreRow& row, const ScoreOperands& o, const float* __restrict query, float* __restrict context,
                                    float* __restrict weights) {
  float largest = -3e38f;
  for (int64_t s = 0; s < row.num_keys; ++s) {
    const float* key = o.keys + (row.key_begin + s) * o.attention_dim;
    weights[s] = o.vector ? additive_score(query, key, o.vector, o.attention_dim) : lane_dot(query, key, o.attention_dim);
    largest = weights[s] > largest ? weights[s] : largest;
  }
  float sum = 0;
  for (int64_t s = 0; s < row.num_keys; ++s) {
    weights[s] = fast_exp(weights[s] - largest);
    sum += weights[s];
  }
  const float inverse = row.num_keys > 0 ? 1.0f / sum : 0.0f;
  for (int64_t d = 0; d < o.memory_dim; ++d) context[d] = 0;
  for (int64_t s = 0; s < row.num_keys; ++s) {
    weights[s] *= inverse;
    const float weight = weights[s];
    const float* __restrict value = o.memory + (row.key_begin + s) * o.memory_dim;
    for (int64_t d = 0; d < o.memory_dim; ++d) context[d] += weight * value[d];
  }
}

ATTNZOO_CPU_CLONES void backward_row(const ScoreRow& row, const ScoreOperands& o, const float* __restrict query,
                                     const float* __restrict d_context, const float* __restrict weights, float* __restrict d_query,
                                     float* d_keys, float* d_memory, float* __restrict d_vector, float* __restrict d_scores) {
  float inner = 0;
  for (int64_t s = 0; s < row.num_keys; ++s) {
    const float* __restrict value = o.memory + (row.key_begin + s) * o.memory_dim;
    float* __restrict d_value = d_memory + (row.key_begin + s) * o.memory_dim;
    const float weight = weights[s];
    for (int64_t d = 0; d < o.memory_dim; ++d) d_value[d] += weight * d_context[d];
    d_scores[s] = lane_dot(d_context, value, o.memory_dim);
    inner += d_scores[s] * weight;
  }
  for (int64_t d = 0; d < o.attention_dim; ++d) d_query[d] = 0;
  for (int64_t s = 0; s < row.num_keys; ++s) {
    const float d_score = (d_scores[s] - inner) * weights[s];
    const float* __restrict key = o.keys + (row.key_begin + s) * o.attention_dim;
    float* __restrict d_key = d_keys + (row.key_begin + s) * o.attention_dim;
    if (o.vector) {
      const float* __restrict v = o.vector;
      for (int64_t d = 0; d < o.attention_dim; ++d) {
        const float squashed = fast_tanh(query[d] + key[d]);
        d_vector[d] += d_score * squashed;
        const float d_sum = d_score * v[d] * (1 - squashed * squashed);
        d_query[d] += d_sum;
        d_key[d] += d_sum;
      }
    } else {
      for (int64_t d = 0; d < o.attention_dim; ++d) {
        d_query[d] += d_score * key[d];
        d_key[d] += d_score * query[d];
      }
    }
  }
}

}  // namespace

void score_attention_forward(const ScoreRow* rows, int64_t num_rows, const ScoreOperands& operands, const float* query, float* context,
                             int64_t context_stride, float* weights) {
  parallel_for(0, num_rows, 4, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      forward_row(rows[n], operands, query + n * operands.attention_dim, context + n * context_stride, weights + rows[n].weights_begin);
  });
}

void score_attention_backward(const ScoreRow* rows, int64_t num_rows, const ScoreOperands& operands, const float* query,
                              const float* d_context, int64_t context_stride, const float* weights, float* d_query, float* d_keys,
                              float* d_memory, float* d_vector_rows) {
  parallel_for(0, num_rows, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> d_scores;
    for (int64_t n = begin; n < end; ++n) {
      d_scores.resize(static_cast<size_t>(rows[n].num_keys));
      const int64_t column = n * operands.attention_dim;
      backward_row(rows[n], operands, query + column, d_context + n * context_stride, weights + rows[n].weights_begin, d_query + column,
                   d_keys, d_memory, d_vector_rows ? d_vector_rows + column : nullptr, d_scores.data());
    }
  });
}

}  // namespace attnzoo::kernels
