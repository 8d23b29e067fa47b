// The largest absolute difference of two tensors of one shape.
#pragma once

#include <ATen/ATen.h>

namespace attnzoo::test {

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

}  // namespace attnzoo::test
