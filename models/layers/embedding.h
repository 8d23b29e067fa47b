// Rows of a table, looked up by id. Unlike torch::nn::Embedding, a table can be shared by source, target and output layer.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/part.h"

namespace attnzoo {

class Embedding : public Part {
 public:
  // Rows are normal with standard deviation `deviation`; the padding row is zero and gets no gradient.
  Embedding(int64_t vocabulary_size, int64_t dim, double deviation);
  torch::Tensor forward(const torch::Tensor& ids) const;  // int64 [..] -> [.., D]
  torch::Tensor weight;                                   // [V, D]
};

}  // namespace attnzoo
