#include "models/encoder.h"

#include <ATen/ATen.h>

namespace attnzoo {

torch::Tensor Encoder::summary(const torch::Tensor& memory, const Rows& rows) const {
  if (rows.packing && frozen()) {
    // One sentence at a time: the order of a sum over a padded dimension may depend on the padding.
    std::vector<torch::Tensor> means;
    for (int64_t b = 0; b < rows.packing->num_sentences; ++b)
      means.push_back(memory.narrow(0, rows.packing->offsets[static_cast<size_t>(b)], rows.packing->length(b)).mean(0));
    return at::stack(means);
  }
  const auto memory_BSC = rows.packing ? rows.packing->unpack(memory) : memory * rows.keep_BS.unsqueeze(-1);
  return memory_BSC.sum(1) / rows.length_B.unsqueeze(-1);
}

}  // namespace attnzoo
