#include "models/kernels/recurrent_cells.h"

#include "data/parallel.h"
#include "models/kernels/simd.h"

namespace attnzoo::kernels {

// Those on ranges of rows have external linkage, so that the processor's variant can be chosen when the program starts.

ATTNZOO_CPU_CLONES void lstm_rows_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* c_prev, float* h,
                                          float* c, float* gates) {
  for (int64_t n = 0; n < num_rows; ++n) {
    const float* __restrict x = gx + n * 4 * hidden;
    const float* __restrict y = gh + n * 4 * hidden;
    const float* __restrict before = c_prev + n * hidden;
    float* __restrict h_row = h + n * hidden;
    float* __restrict c_row = c + n * hidden;
    float* __restrict kept = gates ? gates + n * 4 * hidden : nullptr;
#pragma GCC ivdep
    for (int64_t d = 0; d < hidden; ++d) {
      const float i = fast_sigmoid(x[d] + y[d]);
      const float f = fast_sigmoid(x[hidden + d] + y[hidden + d]);
      const float g = fast_tanh(x[2 * hidden + d] + y[2 * hidden + d]);
      const float o = fast_sigmoid(x[3 * hidden + d] + y[3 * hidden + d]);
      const float cell = f * before[d] + i * g;
      c_row[d] = cell;
      h_row[d] = o * fast_tanh(cell);
      if (kept) {
        kept[d] = i;
        kept[hidden + d] = f;
        kept[2 * hidden + d] = g;
        kept[3 * hidden + d] = o;
      }
    }
  }
}

ATTNZOO_CPU_CLONES void lstm_rows_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* c_prev, const float* c,
                                           const float* d_h, float* d_c, float* d_gates) {
  for (int64_t n = 0; n < num_rows; ++n) {
    const float* __restrict kept = gates + n * 4 * hidden;
    const float* __restrict before = c_prev + n * hidden;
    const float* __restrict now = c + n * hidden;
    const float* __restrict dh = d_h + n * hidden;
    float* __restrict dc = d_c + n * hidden;
    float* __restrict out = d_gates + n * 4 * hidden;
#pragma GCC ivdep
    for (int64_t d = 0; d < hidden; ++d) {
      const float i = kept[d], f = kept[hidden + d], g = kept[2 * hidden + d], o = kept[3 * hidden + d];
      const float squashed = fast_tanh(now[d]);
      const float d_cell = dc[d] + dh[d] * o * (1 - squashed * squashed);
      out[d] = d_cell * g * i * (1 - i);
      out[hidden + d] = d_cell * before[d] * f * (1 - f);
      out[2 * hidden + d] = d_cell * i * (1 - g * g);
      out[3 * hidden + d] = dh[d] * squashed * o * (1 - o);
      dc[d] = d_cell * f;
    }
  }
}

ATTNZOO_CPU_CLONES void gru_rows_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* h_prev, float* h,
                                         float* gates) {
  for (int64_t n = 0; n < num_rows; ++n) {
    const float* __restrict x = gx + n * 3 * hidden;
    const float* __restrict y = gh + n * 3 * hidden;
    const float* __restrict before = h_prev + n * hidden;
    float* __restrict h_row = h + n * hidden;
    float* __restrict kept = gates ? gates + n * 4 * hidden : nullptr;
#pragma GCC ivdep
    for (int64_t d = 0; d < hidden; ++d) {
      const float r = fast_sigmoid(x[d] + y[d]);
      const float z = fast_sigmoid(x[hidden + d] + y[hidden + d]);
      const float recurrent = y[2 * hidden + d];
      const float m = fast_tanh(x[2 * hidden + d] + r * recurrent);
      h_row[d] = (1 - z) * m + z * before[d];
      if (kept) {
        kept[d] = r;
        kept[hidden + d] = z;
        kept[2 * hidden + d] = m;
        kept[3 * hidden + d] = recurrent;
      }
    }
  }
}

ATTNZOO_CPU_CLONES void gru_rows_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* h_prev, float* d_h,
                                          float* d_gx, float* d_gh) {
  for (int64_t n = 0; n < num_rows; ++n) {
    const float* __restrict kept = gates + n * 4 * hidden;
    const float* __restrict before = h_prev + n * hidden;
    float* __restrict dh = d_h + n * hidden;
    float* __restrict dx = d_gx + n * 3 * hidden;
    float* __restrict dy = d_gh + n * 3 * hidden;
#pragma GCC ivdep
    for (int64_t d = 0; d < hidden; ++d) {
      const float r = kept[d], z = kept[hidden + d], m = kept[2 * hidden + d], recurrent = kept[3 * hidden + d];
      const float d_m = dh[d] * (1 - z) * (1 - m * m);
      const float d_z = dh[d] * (before[d] - m) * z * (1 - z);
      const float d_r = d_m * recurrent * r * (1 - r);
      dx[d] = dy[d] = d_r;
      dx[hidden + d] = dy[hidden + d] = d_z;
      dx[2 * hidden + d] = d_m;
      dy[2 * hidden + d] = d_m * r;
      dh[d] *= z;
    }
  }
}

ATTNZOO_CPU_CLONES void tanh_some_rows(int64_t num_rows, int64_t dim, float* x) {
  for (int64_t n = 0; n < num_rows; ++n)
    for (int64_t d = 0; d < dim; ++d) x[n * dim + d] = fast_tanh(x[n * dim + d]);
}

// Rows a thread takes at least.
constexpr int64_t kRows = 16;

void lstm_cell_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* c_prev, float* h, float* c,
                       float* gates) {
  parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) {
    const int64_t state = begin * hidden, all_gates = 4 * state;
    lstm_rows_forward(end - begin, hidden, gx + all_gates, gh + all_gates, c_prev + state, h + state, c + state,
                      gates ? gates + all_gates : nullptr);
  });
}

void lstm_cell_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* c_prev, const float* c, const float* d_h,
                        float* d_c, float* d_gates) {
  parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) {
    const int64_t state = begin * hidden, all_gates = 4 * state;
    lstm_rows_backward(end - begin, hidden, gates + all_gates, c_prev + state, c + state, d_h + state, d_c + state, d_gates + all_gates);
  });
}

void gru_cell_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* h_prev, float* h, float* gates) {
  parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) {
    const int64_t state = begin * hidden;
    gru_rows_forward(end - begin, hidden, gx + 3 * state, gh + 3 * state, h_prev + state, h + state, gates ? gates + 4 * state : nullptr);
  });
}

void gru_cell_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* h_prev, float* d_h, float* d_gx, float* d_gh) {
  parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) {
    const int64_t state = begin * hidden;
    gru_rows_backward(end - begin, hidden, gates + 4 * state, h_prev + state, d_h + state, d_gx + 3 * state, d_gh + 3 * state);
  });
}

void tanh_rows(int64_t num_rows, int64_t dim, float* x) {
  parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) { tanh_some_rows(end - begin, dim, x + begin * dim); });
}

}  // namespace attnzoo::kernels
