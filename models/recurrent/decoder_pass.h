// The teacher-forced pass of a recurrent decoder with attention and input feeding, with a hand-written backward pass.
//
//   x_t = [y_t ; r_(t-1)]                     y: target embedding, r_(-1) = 0 (input feeding, Luong et al. 2015, 3.3)
//   h_t = cell stack(x_t, h_(t-1))
//   a_t, c_t = attention(W_q h_t, memory)     additive or general score
//   r_t = drop(tanh(W_r [h_t ; c_t] + b_r))   the attentional state, what the output layer reads
//
// Autograd would make one graph node per operation and step and one weight gradient per step; here all of a weight's gradient is one matmul
// over every step, only active rows are worked on, and tanh of the scores is recomputed instead of kept. Float on the CPU.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/layers/packing.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

// The decoder's parts, as the model owns them.
struct DecoderParts {
  std::vector<std::shared_ptr<Cell>> cells;    // bottom first; cells[0] reads [embedding ; r]
  torch::Tensor query_weight_AH;               // W_q; A = C for the general score
  torch::Tensor score_vector_A;                // v of the additive score; undefined for the general one
  torch::Tensor readout_weight, readout_bias;  // W_r [R, H + C], b_r [R]
  double dropout = 0;                          // on r and between cells, in training
};

// gx_P: W_ih y + b_ih of cells[0] for every packed target position (its embedding columns only). keys_PA, memory_PC: packed source
// rows; for the general score keys are the memory itself. initial: per cell h (and c), [B, H]. Returns r for every packed target position,
// [P, R].
torch::Tensor run_decoder(const DecoderParts& parts, const torch::Tensor& gx_P, const torch::Tensor& keys_PA,
                          const torch::Tensor& memory_PC, const std::vector<torch::Tensor>& initial, const Packing& target,
                          const Packing& source, bool training);

}  // namespace attnzoo
