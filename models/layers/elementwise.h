// Elementwise functions whose bits do not depend on an element's place in the tensor. ATen computes the last elements, which do not fill a
// vector, with other instructions than the rest; a row's result would then depend on its batch.
#pragma once

#include <torch/types.h>

namespace attnzoo {

// f(x) for an elementwise f such as at::gelu. frozen: in a frozen model; the tensor is then first padded to whole vectors.
torch::Tensor apply_elementwise(torch::Tensor (*f)(const torch::Tensor&), const torch::Tensor& x, bool frozen);

}  // namespace attnzoo
