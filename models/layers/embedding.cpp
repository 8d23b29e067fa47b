#include "models/layers/embedding.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/error.h"
#include "data/special_tokens.h"
#include "models/kernels/new_floats.h"
#include "models/layers/parameters.h"

namespace attnzoo {

Embedding::Embedding(int64_t vocabulary_size, int64_t dim, double deviation) {
  auto table = normal_parameter({vocabulary_size, dim}, deviation);
  table[kPadId].zero_();
  weight = register_parameter("weight", table);
}

torch::Tensor Embedding::forward(const torch::Tensor& ids) const {
  if (!frozen()) return at::embedding(weight, ids, kPadId);
  const auto of_rows = ids.contiguous();
  auto shape = ids.sizes().vec();
  shape.push_back(weight.size(1));
  auto out = kernels::new_floats(shape);
  const int64_t dim = weight.size(1), num_rows = ids.numel();
  const float* table = weight.const_data_ptr<float>();
  for (int64_t n = 0; n < num_rows; ++n) {
    const int64_t id = of_rows.const_data_ptr<int64_t>()[n];
    if (id < 0 || id >= weight.size(0)) fail<DataError>("embedding: the id {}; this table has rows 0 to {}", id, weight.size(0) - 1);
    std::copy_n(table + id * dim, dim, out.mutable_data_ptr<float>() + n * dim);
  }
  return out;
}

}  // namespace attnzoo
