// Buffers and loops of recurrent/decoder_pass: what a batch keeps between its forward and backward pass.
#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <vector>

#include "models/kernels/gemm.h"
#include "models/kernels/score_attention.h"
#include "models/recurrent/cell_pass.h"
#include "models/recurrent/decoder_pass.h"

namespace attnzoo {

// The decoder's weights without their modules, in the order of the returned gradients.
struct DecoderWeights {
  // For each cell: weight_hh, bias_hh; for cells above the first also weight_ih and bias_ih.
  std::vector<torch::Tensor> weight_hh, bias_hh, weight_ih, bias_ih;
  torch::Tensor feed_weight;  // the columns of cells[0].weight_ih that read r
  torch::Tensor query_weight, score_vector, readout_weight, readout_bias;
};

struct DecoderOptions {
  double dropout = 0;  // 0 in evaluation
  bool residual = false;
  DecoderMasks masks;
};

class DecoderRecord : public torch::CustomClassHolder {
 public:
  DecoderRecord(CellKind kind, DecoderWeights weights, const Packing& target, const Packing& source, DecoderOptions options);

  // gx_P in time-major order; initial in rank order. Returns r, time-major.
  torch::Tensor forward(const torch::Tensor& gx_P, const torch::Tensor& keys_PA, const torch::Tensor& memory_PC,
                        const std::vector<torch::Tensor>& initial);

  struct Gradients {
    torch::Tensor gx_P, keys_PA, memory_PC;
    std::vector<torch::Tensor> initial;
    DecoderWeights weights;
  };
  Gradients backward(const torch::Tensor& d_r_P);

  const TimeMajor& order() const { return order_; }

 private:
  // A mask for every time-major row: spread from one per sentence, or drawn, or undefined without dropout.
  torch::Tensor row_mask(const torch::Tensor& per_sentence, int64_t dim) const;
  void place_attention(const Packing& source);
  kernels::ScoreOperands operands() const;
  void attend(int64_t t, const torch::Tensor& h);
  torch::Tensor attend_backward(int64_t t, const torch::Tensor& d_hc, Gradients& gradients, torch::Tensor& d_vector_rows);

  struct Packed {
    kernels::PackedWeight feed, query, readout;
    std::vector<kernels::PackedWeight> above;  // of each cell but the first
  };

  CellKind kind_;
  DecoderWeights weights_;
  std::optional<Packed> packed_, transposed_;  // once for all steps; transposed_ during the backward pass
  TimeMajor order_;
  DecoderOptions options_;
  std::vector<CellPass> cells_;
  std::vector<torch::Tensor> between_;  // h of each cell but the last after dropout, [P, H]: input of the cell above
  std::vector<torch::Tensor> between_mask_;
  torch::Tensor keys_, memory_;
  std::vector<kernels::ScoreRow> score_rows_;  // one per time-major row
  torch::Tensor attention_weights_, query_P_, hc_P_, tanh_P_, mask_P_, r_P_, feed_P_;
  torch::Tensor d_query_P_;
};

}  // namespace attnzoo
