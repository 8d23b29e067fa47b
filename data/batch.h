// One batch of padded id tensors; data/batches.h makes them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace attnzoo {

// B sentences, S source and T target positions (the longest of the batch, </s> or <s> included). Ids are int64, padded with kPadId; the
// order of rows has no meaning.
struct Batch {
  torch::Tensor source_BS;        // w1 .. wn </s> pad ..
  torch::Tensor source_length_B;  // n + 1, int64, always on the CPU
  torch::Tensor target_in_BT;     // <s> w1 .. wm pad ..   (decoder input)
  torch::Tensor target_out_BT;    // w1 .. wm </s> pad ..  (what the decoder should output)
  torch::Tensor target_length_B;  // m + 1, int64, always on the CPU
  int64_t num_source_tokens = 0;  // real tokens, </s> counted, padding not
  int64_t num_target_tokens = 0;
  std::vector<int64_t> pair_ids;  // the corpus pair of each row

  int64_t num_sentences() const { return static_cast<int64_t>(pair_ids.size()); }
  Batch to(torch::Device device) const;
};

}  // namespace attnzoo
