#include "models/recurrent/initial_states.h"

#include <ATen/ATen.h>

namespace attnzoo {

std::vector<torch::Tensor> initial_recurrent_states(const Linear* bridge, const EncodedSource& source, int64_t num_tensors, int64_t dim) {
  if (bridge == nullptr) {
    const auto zero_BD = at::zeros_like(source.rows.length_B, source.memory.scalar_type()).unsqueeze(-1).expand({-1, dim}).contiguous();
    return std::vector<torch::Tensor>(static_cast<size_t>(num_tensors), zero_BD);
  }
  std::vector<torch::Tensor> states;
  for (const auto& part : bridge->forward(source.encoder.summary(source.memory, source.rows)).split(dim, -1)) states.push_back(part.tanh());
  return states;
}

}  // namespace attnzoo
