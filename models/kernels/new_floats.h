// Memory for the result of a kernel.
#pragma once

#include <ATen/EmptyTensor.h>
#include <torch/types.h>

namespace attnzoo::kernels {

// Uninitialised floats on the CPU. torch::empty goes through the dispatcher, which takes longer than a small kernel.
inline torch::Tensor new_floats(at::IntArrayRef shape) { return at::detail::empty_cpu(shape, torch::kFloat); }

}  // namespace attnzoo::kernels
