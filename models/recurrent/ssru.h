// The simpler simple recurrent unit (Kim et al. 2019, 3.1), a replacement for a decoder's self-attention:
//   f_t = sigmoid(W_f x_t + b_f),   c_t = f_t * c_(t-1) + (1 - f_t) * W x_t,   out_t = relu(c_t)
// Only c is carried from step to step, and only elementwise work depends on it.
#pragma once

#include <torch/types.h>

#include <memory>

#include "models/layers/linear.h"
#include "models/layers/rows.h"

namespace attnzoo {

class Ssru : public Part {
 public:
  explicit Ssru(int64_t dim);
  // One position per row: x_ND, and c_ND of the previous step, which becomes this step's. The result is added to `onto` where that is
  // defined.
  torch::Tensor step(const torch::Tensor& x_ND, torch::Tensor& c_ND, const torch::Tensor& onto = {}) const;
  // Whole sentences from c = 0: [.., D] -> [.., D], packed or padded.
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& onto = {}) const;

 private:
  std::shared_ptr<Linear> maps_;  // W and W_f, [2D, D]
};

}  // namespace attnzoo
