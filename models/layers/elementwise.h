// Elementwise functions whose bits do not depend on an element's place in the tensor. ATen computes the last elements, which do not fill a
// vector, with other instructions than the rest; in inference a row's result would then depend on its batch.
#pragma once

#include <torch/types.h>

namespace attnzoo {

// f(x) for an elementwise f such as at::gelu. In inference on the CPU, the tensor is first padded to whole vectors.
torch::Tensor apply_elementwise(torch::Tensor (*f)(const torch::Tensor&), const torch::Tensor& x);

}  // namespace attnzoo
