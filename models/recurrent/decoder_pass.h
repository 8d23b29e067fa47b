// The teacher-forced pass of a recurrent decoder with attention and input feeding, with a hand-written backward pass.
//
//   x_t = [y_t ; r_(t-1)]                     y: target embedding, r_(-1) = 0 (input feeding, Luong et al. 2015, 3.3)
//   h_t = cell stack(x_t, h_(t-1))            residual: cells above the first output h plus their input
//   a_t, c_t = attention(W_q h_t, memory)     additive or general score
//   r_t = drop(tanh(W_r [h_t ; c_t] + b_r))   the attentional state, input of the output layer
//
// Autograd would make a graph node per operation and step, and a weight gradient per step. Here a weight's gradient is one matmul over all
// steps, only active rows are computed, and tanh of the scores is recomputed instead of kept. Float, on the CPU.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/layers/packing.h"
#include "models/recurrent/cell.h"

namespace attnzoo {

// Masks of variational dropout (layers/dropout.h), one row per sentence; empty without it and outside training.
struct DecoderMasks {
  std::vector<torch::Tensor> list;                                         // for r, then for every cell: input, recurrent
  torch::Tensor readout() const { return at(0); }                          // on r, [B, R]
  torch::Tensor input(size_t cell) const { return at(1 + 2 * cell); }      // on its input; of cell 0 on the embedding alone
  torch::Tensor recurrent(size_t cell) const { return at(2 + 2 * cell); }  // as in Cell::step, [B, H]
  DecoderMasks index_select(const torch::Tensor& row_B) const {
    DecoderMasks selected;
    for (const auto& mask : list) selected.list.push_back(mask.index_select(0, row_B));
    return selected;
  }

 private:
  torch::Tensor at(size_t i) const { return list.empty() ? torch::Tensor() : list[i]; }
};

// The decoder's parts; the model owns them.
struct DecoderParts {
  std::vector<std::shared_ptr<Cell>> cells;    // bottom first; cells[0] reads [embedding ; r]
  torch::Tensor query_weight_AH;               // W_q; A = C for the general score
  torch::Tensor score_vector_A;                // v of the additive score; undefined for the general one
  torch::Tensor readout_weight, readout_bias;  // W_r [R, H + C], b_r [R]
  double dropout = 0;                          // on r and between cells, in training
  bool residual = false;
  DecoderMasks masks;  // replace masks per position
};

// gx_P: W_ih y + b_ih of cells[0] for every packed target position (embedding columns only). keys_PA, memory_PC: packed source rows; for
// the general score, keys are the memory itself. initial: h (and c) of each cell, [B, H]. Returns r for every packed target position, [P,
// R].
torch::Tensor run_decoder(const DecoderParts& parts, const torch::Tensor& gx_P, const torch::Tensor& keys_PA,
                          const torch::Tensor& memory_PC, const std::vector<torch::Tensor>& initial, const Packing& target,
                          const Packing& source, bool training);

}  // namespace attnzoo
