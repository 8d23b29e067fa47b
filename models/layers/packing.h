// A padded [B, S, ..] tensor as packed rows [P, ..]: real tokens only, sentence after sentence.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace attnzoo {

struct Packing {
  std::vector<int64_t> offsets;  // B + 1: sentence b has packed rows offsets[b] .. offsets[b + 1]
  torch::Tensor index_P;         // int64: for every real position, row b * S + s of the flattened padded tensor
  torch::Tensor position_P;      // int64: s
  int64_t num_sentences = 0;
  int64_t padded_length = 0;  // S

  // length_B: int64 on the CPU, each at most padded_length.
  Packing(const torch::Tensor& length_B, int64_t padded_length);

  int64_t length(int64_t sentence) const { return offsets[static_cast<size_t>(sentence) + 1] - offsets[static_cast<size_t>(sentence)]; }
  int64_t num_rows() const { return offsets.back(); }
  // [B, S, ..] -> [P, ..]
  torch::Tensor pack(const torch::Tensor& padded) const;
  // [P, ..] -> [B, S, ..], zeros in place of padding
  torch::Tensor unpack(const torch::Tensor& packed) const;
};

// Real tokens per row, int64 on the CPU; padding is on the right.
torch::Tensor lengths_of(const torch::Tensor& ids_BS);

}  // namespace attnzoo
