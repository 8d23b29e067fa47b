// Elementwise functions whose bits do not depend on where in a tensor an element stands. ATen computes a tensor's last elements, those that
// do not fill a vector, with other instructions than the rest: in inference a row's result would then depend on the batch around it.
#pragma once

#include <torch/types.h>

namespace attnzoo {

// f(x) for an elementwise f such as at::gelu. In inference on the CPU the tensor is padded to whole vectors first.
torch::Tensor apply_elementwise(torch::Tensor (*f)(const torch::Tensor&), const torch::Tensor& x);

}  // namespace attnzoo
