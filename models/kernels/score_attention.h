// One decoding step of attention with a score function, forward and backward, on float rows without padding:
//   additive (Bahdanau et al. 2015, A.1.2):  e_s = v . tanh(q + k_s)
//   dot (general, when q = W h; Luong et al. 2015, eq. 8):  e_s = q . k_s
//   a = softmax(e),  context = sum_s a_s m_s
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

// Row n reads key rows [key_begin, key_begin + num_keys) and the memory rows of the same numbers.
struct ScoreRow {
  int64_t key_begin = 0;
  int64_t num_keys = 0;
  int64_t weights_begin = 0;  // start of its num_keys weights in `weights`
};

struct ScoreOperands {
  const float* keys = nullptr;    // [rows, A]
  const float* memory = nullptr;  // [rows, C]
  const float* vector = nullptr;  // v [A]; null for the dot score
  int64_t attention_dim = 0;      // A
  int64_t memory_dim = 0;         // C
};

// Row n of the context is written at context + n * context_stride.
void score_attention_forward(const ScoreRow* rows, int64_t num_rows, const ScoreOperands& operands, const float* query, float* context,
                             int64_t context_stride, float* weights);

// d_context: [n, stride]. Writes d_query [n, A]; adds to d_keys [rows, A], d_memory [rows, C] and, for additive, d_vector_rows [n, A],
// which the caller sums over n (a row each makes the result independent of threads). Rows must read disjoint keys.
void score_attention_backward(const ScoreRow* rows, int64_t num_rows, const ScoreOperands& operands, const float* query,
                              const float* d_context, int64_t context_stride, const float* weights, float* d_query, float* d_keys,
                              float* d_memory, float* d_vector_rows);

}  // namespace attnzoo::kernels
