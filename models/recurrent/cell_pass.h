// One cell over all steps of a batch, with a hand-written backward pass. It is faster than autograd because the recurrent weight's gradient
// is one matmul at the end instead of one per step, and because it works on active rows only. Float, on the CPU, without autograd:
// recurrent/sequence_pass and recurrent/decoder_pass wrap it.
#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "models/kernels/gemm.h"
#include "models/recurrent/cell.h"
#include "models/recurrent/time_major.h"

namespace attnzoo {

class CellPass {
 public:
  // initial: {h} or {h, c}, [B, H], row r for rank r of `order`. mask_BH (same rows, may be undefined): multiplies h in W_hh h.
  CellPass(CellKind kind, const TimeMajor& order, torch::Tensor weight_hh, const torch::Tensor& bias_hh,
           const std::vector<torch::Tensor>& initial, torch::Tensor mask_BH = {});

  // gx: input part of step t, [n, G * H]. Returns h of the step (a view of h_P).
  torch::Tensor forward_step(int64_t t, const torch::Tensor& gx);

  // Call from the last step to the first. d_h: gradient of step t's h from everything except the next step, [n, H]; overwritten.
  // Returns the gradient of gx of this step (a view of d_gx_P).
  torch::Tensor backward_step(int64_t t, torch::Tensor d_h);
  void start_backward();
  torch::Tensor d_weight_hh() const;
  torch::Tensor d_bias_hh() const { return d_gh_P.sum(0); }
  const std::vector<torch::Tensor>& d_initial() const { return d_state_; }

  torch::Tensor h_P;             // [P, H], time-major
  torch::Tensor d_gx_P, d_gh_P;  // [P, G * H]; one tensor, except for the GRU

 private:
  std::vector<torch::Tensor> before(int64_t t) const;  // the state that step t starts from
  torch::Tensor masked(const torch::Tensor& h) const { return mask_BH_.defined() ? h * mask_BH_.narrow(0, 0, h.size(0)) : h; }

  CellKind kind_;
  const TimeMajor& order_;
  torch::Tensor weight_hh_, mask_BH_, c_P_, gates_P_;
  kernels::PackedWeight recurrent_;                            // x -> W_hh x + b_hh
  std::optional<kernels::PackedWeight> recurrent_transposed_;  // x -> W_hh^T x, during the backward pass
  std::vector<torch::Tensor> initial_, d_state_;
};

}  // namespace attnzoo
