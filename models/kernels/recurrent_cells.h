// The elementwise half of LSTM and GRU cells, forward and backward, on float rows. The caller computes the matmuls gx = W_ih x + b_ih and
// gh = W_hh h + b_hh. Gate order and equations are torch's (Hochreiter and Schmidhuber 1997; Cho et al. 2014).
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

// i, f, o = sigmoid, g = tanh of gx + gh [n, 4H]; c = f c_prev + i g; h = o tanh(c). `gates` receives i, f, g, o [n, 4H] or is null.
void lstm_cell_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* c_prev, float* h, float* c,
                       float* gates);

// d_gates: gradient of both gx and gh [n, 4H]. d_c: gradient of c from later steps; replaced by the gradient of c_prev.
void lstm_cell_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* c_prev, const float* c, const float* d_h,
                        float* d_c, float* d_gates);

// r, z = sigmoid(gx + gh); m = tanh(gx_m + r gh_m); h = (1 - z) m + z h_prev. gx, gh: [n, 3H] in the order r, z, m.
// `gates` receives r, z, m and gh_m [n, 4H] or is null.
void gru_cell_forward(int64_t num_rows, int64_t hidden, const float* gx, const float* gh, const float* h_prev, float* h, float* gates);

// d_h is replaced by z d_h, the direct part of the gradient of h_prev. d_gx and d_gh: [n, 3H].
void gru_cell_backward(int64_t num_rows, int64_t hidden, const float* gates, const float* h_prev, float* d_h, float* d_gx, float* d_gh);

// x = tanh(x) in place, row by row.
void tanh_rows(int64_t num_rows, int64_t dim, float* x);

}  // namespace attnzoo::kernels
