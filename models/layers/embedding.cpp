#include "models/layers/embedding.h"

#include <ATen/ATen.h>

#include "data/special_tokens.h"
#include "models/layers/parameters.h"

namespace attnzoo {

Embedding::Embedding(int64_t vocabulary_size, int64_t dim, double deviation) {
  auto table = normal_parameter({vocabulary_size, dim}, deviation);
  table[kPadId].zero_();
  weight = register_parameter("weight", table);
}

torch::Tensor Embedding::forward(const torch::Tensor& ids) const { return at::embedding(weight, ids, kPadId); }

}  // namespace attnzoo
