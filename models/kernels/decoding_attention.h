// Attention of a decoding step, float, on the CPU: one query per row; keys and values are read in place. A row reads a run of rows (its
// sentence's memory) or one row of each earlier step's buffer (its own past). Reordering a beam thus moves no keys or values, and
// hypotheses with a common past read the same memory, which stays in the cache.
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

struct DecodingQueries {
  const float* q = nullptr;  // row n's heads are adjacent, at q + n * q_stride
  int64_t q_stride = 0;
  float* out = nullptr;  // [num_rows, num_heads * head_dim]
  int64_t num_rows = 0, num_heads = 1;
  int64_t num_kv_heads = 1;  // each read by num_heads / num_kv_heads adjacent query heads
  int64_t head_dim = 1;
  const float* slopes = nullptr;  // [num_heads] or null: adds -slope * d to the score of a key d rows before the last
  // [2 * farthest + 1, head_dim] or null: row farthest - min(d, farthest) is added to a key or value d rows before the last.
  const float *relative_keys = nullptr, *relative_values = nullptr;
  int64_t farthest = 0;
};

struct KeyRun {
  int64_t begin = 0, count = 0;
};

// Row r of kv begins at kv + r * stride, its key at key_column, its value at value_column. Row n reads rows runs[n]. mean_weights may be
// null; otherwise it receives the weights averaged over heads, mean_weights_stride floats per row, 0 past the run.
void attend_runs(const DecodingQueries& queries, const float* kv, int64_t stride, int64_t key_column, int64_t value_column,
                 const KeyRun* runs, float* mean_weights, int64_t mean_weights_stride);

// The same with one buffer per step: for each step t from first_step on, row n reads row origin_NT[n * num_steps + t] of steps[t], and none
// where that is -1.
void attend_steps(const DecodingQueries& queries, const float* const* steps, int64_t stride, int64_t key_column, int64_t value_column,
                  const int32_t* origin_NT, int64_t first_step, int64_t num_steps);

}  // namespace attnzoo::kernels
