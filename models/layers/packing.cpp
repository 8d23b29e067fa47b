#include "models/layers/packing.h"

#include <ATen/ATen.h>

#include "data/special_tokens.h"

namespace attnzoo {

Packing::Packing(const torch::Tensor& length_B, int64_t padded_length) : num_sentences(length_B.size(0)), padded_length(padded_length) {
  const auto lengths = length_B.accessor<int64_t, 1>();
  offsets.reserve(static_cast<size_t>(num_sentences) + 1);
  offsets.push_back(0);
  for (int64_t b = 0; b < num_sentences; ++b) offsets.push_back(offsets.back() + lengths[b]);
  index_P = torch::empty({num_rows()}, torch::kLong);
  position_P = torch::empty({num_rows()}, torch::kLong);
  auto* index = index_P.data_ptr<int64_t>();
  auto* position = position_P.data_ptr<int64_t>();
  for (int64_t b = 0; b < num_sentences; ++b)
    for (int64_t s = 0; s < lengths[b]; ++s) {
      *index++ = b * padded_length + s;
      *position++ = s;
    }
}

torch::Tensor Packing::pack(const torch::Tensor& padded) const { return padded.flatten(0, 1).index_select(0, index_P.to(padded.device())); }

torch::Tensor Packing::unpack(const torch::Tensor& packed) const {
  auto shape = packed.sizes().vec();
  shape[0] = num_sentences * padded_length;
  const auto flat = torch::zeros(shape, packed.options()).index_copy(0, index_P.to(packed.device()), packed);
  return flat.unflatten(0, {num_sentences, padded_length});
}

torch::Tensor lengths_of(const torch::Tensor& ids_BS) { return ids_BS.ne(kPadId).sum(1).cpu(); }

}  // namespace attnzoo
