// y = x W^T + b, and what follows it, with gradients.
#pragma once

#include <torch/types.h>

#include "models/kernels/packed_linear.h"

namespace attnzoo {

// x [.., K], weight_MK, bias_M (may be undefined) -> [.., M]. In training in float on the CPU, our own products with the epilogue in the
// cache; else ATen's. MKL packs a weight for each product, and does not use the full vector width of some processors. The gradient of the
// weight stays with MKL: it is a sum over rows, of which nothing can be packed once.
torch::Tensor linear_pass(const torch::Tensor& x, const torch::Tensor& weight_MK, const torch::Tensor& bias_M,
                          const kernels::Epilogue& epilogue = {});

}  // namespace attnzoo
