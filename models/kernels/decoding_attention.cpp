#include "models/kernels/decoding_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/parallel.h"
#include "models/kernels/simd.h"
#include "models/kernels/softmax_row.h"

// Every function that returns a vector is inlined, so none crosses an ABI.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace attnzoo::kernels {
namespace {

typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));

ATTNZOO_INLINE Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }

// Halves the vector at each addition: four dependent additions instead of fifteen.
ATTNZOO_INLINE float sum_of(const Vector& lanes) {
  const auto eight =
      __builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// out[d] = sum_j weights[j] * row_at(j)[d], for as many columns at a time as registers hold; each column is one chain over j.
template <int kVectors, class RowAt>
ATTNZOO_INLINE void weighted_sum(const float* weights, int64_t count, const RowAt& row_at, float* out) {
  Vector sum[kVectors] = {};
  for (int64_t j = 0; j < count; ++j) {
    const float* row = row_at(j);
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) sum[i] += weights[j] * load(row + i * 16);
  }
  for (int i = 0; i < kVectors; ++i) *reinterpret_cast<Vector*>(out + i * 16) = sum[i];
}

ATTNZOO_INLINE float dot(const float* a, const float* b, int64_t dim) {
  Vector sum = {};
  int64_t d = 0;
  for (; d + 16 <= dim; d += 16) sum += load(a + d) * load(b + d);
  float total = sum_of(sum);
  for (; d < dim; ++d) total += a[d] * b[d];
  return total;
}

// One head of one row. key_at(j) and value_at(j) point to key and value j of this head.
template <class KeyAt, class ValueAt>
ATTNZOO_INLINE void attend(const DecodingQueries& queries, int64_t head, const float* q, int64_t count, float scale, const KeyAt& key_at,
                           const ValueAt& value_at, float* scores, float* out) {
  const int64_t dim = queries.head_dim;
  const auto relative_row = [&](int64_t j) { return (queries.farthest - std::min(count - 1 - j, queries.farthest)) * dim; };
  for (int64_t j = 0; j < count; ++j) scores[j] = dot(q, key_at(j), dim) * scale;
  if (queries.relative_keys)
    for (int64_t j = 0; j < count; ++j) scores[j] += dot(q, queries.relative_keys + relative_row(j), dim) * scale;
  if (queries.slopes)
    for (int64_t j = 0; j < count; ++j) scores[j] -= queries.slopes[head] * static_cast<float>(count - 1 - j);
  softmax_row(scores, count, count);
  int64_t d = 0;
  for (; d + 64 <= dim; d += 64) weighted_sum<4>(scores, count, [&](int64_t j) { return value_at(j) + d; }, out + d);
  for (; d + 16 <= dim; d += 16) weighted_sum<1>(scores, count, [&](int64_t j) { return value_at(j) + d; }, out + d);
  for (; d < dim; ++d) {
    float sum = 0;
    for (int64_t j = 0; j < count; ++j) sum += scores[j] * value_at(j)[d];
    out[d] = sum;
  }
  if (queries.relative_values)
    for (int64_t j = 0; j < count; ++j)
      for (d = 0; d < dim; ++d) out[d] += scores[j] * queries.relative_values[relative_row(j) + d];
}

float* scores_of_thread(int64_t count) {
  static thread_local std::vector<float> scores;
  if (static_cast<int64_t>(scores.size()) < count) scores.resize(static_cast<size_t>(count));
  return scores.data();
}

}  // namespace

// One row against `count` keys: key j begins at rows[j] + key_column, value j at rows[j] + value_column. mean_weights may be null.
// External linkage, so that the processor's variant can be chosen when the program starts.
ATTNZOO_CPU_CLONES void attend_row(const DecodingQueries& queries, int64_t n, const float* const* rows, int64_t count, int64_t key_column,
                                   int64_t value_column, float* scores, float* mean_weights) {
  const int64_t dim = queries.head_dim, group = queries.num_heads / queries.num_kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim)), share = 1.0f / static_cast<float>(queries.num_heads);
  for (int64_t head = 0; head < queries.num_heads; ++head) {
    const int64_t column = head * dim, kv_column = head / group * dim;
    attend(
        queries, head, queries.q + n * queries.q_stride + column, count, scale, [&](int64_t j) { return rows[j] + key_column + kv_column; },
        [&](int64_t j) { return rows[j] + value_column + kv_column; }, scores, queries.out + n * queries.num_heads * dim + column);
    if (mean_weights)
      for (int64_t j = 0; j < count; ++j) mean_weights[j] += scores[j] * share;
  }
}

void attend_runs(const DecodingQueries& queries, const float* kv, int64_t stride, int64_t key_column, int64_t value_column,
                 const KeyRun* runs, float* mean_weights, int64_t mean_weights_stride) {
  parallel_for(0, queries.num_rows, 8, [&](int64_t begin, int64_t end) {
    std::vector<const float*> rows;
    for (int64_t n = begin; n < end; ++n) {
      const auto [first, count] = runs[n];
      rows.resize(static_cast<size_t>(count));
      for (int64_t j = 0; j < count; ++j) rows[static_cast<size_t>(j)] = kv + (first + j) * stride;
      float* mean = mean_weights ? mean_weights + n * mean_weights_stride : nullptr;
      if (mean) std::fill(mean, mean + mean_weights_stride, 0.0f);
      attend_row(queries, n, rows.data(), count, key_column, value_column, scores_of_thread(count), mean);
    }
  });
}

void attend_steps(const DecodingQueries& queries, const float* const* steps, int64_t stride, int64_t key_column, int64_t value_column,
                  const int32_t* origin_NT, int64_t first_step, int64_t num_steps) {
  parallel_for(0, queries.num_rows, 8, [&](int64_t begin, int64_t end) {
    std::vector<const float*> rows(static_cast<size_t>(num_steps));
    for (int64_t n = begin; n < end; ++n) {
      const int32_t* origin_T = origin_NT + n * num_steps;
      int64_t count = 0;
      for (int64_t t = first_step; t < num_steps; ++t)
        if (origin_T[t] >= 0) rows[static_cast<size_t>(count++)] = steps[t] + origin_T[t] * stride;
      attend_row(queries, n, rows.data(), count, key_column, value_column, scores_of_thread(count), nullptr);
    }
  });
}

}  // namespace attnzoo::kernels
