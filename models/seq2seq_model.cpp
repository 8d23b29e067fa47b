#include "models/seq2seq_model.h"

#include <ATen/ATen.h>

#include "models/layers/packing.h"

namespace attnzoo {

State State::select(const torch::Tensor& row_M) const {
  State selected;
  selected.sentence_N = sentence_N.index_select(0, row_M);
  selected.per_row.reserve(per_row.size());
  for (const auto& tensor : per_row) selected.per_row.push_back(tensor.index_select(0, row_M));
  return selected;
}

torch::Tensor Seq2SeqModel::forward(const Batch& batch) {
  return at::linear(forward_states(batch), output_weight_VD(), output_bias_V());
}

torch::Tensor packed_targets_P(const Batch& batch) {
  return batch.target_out_BT.flatten().index_select(0, Packing(batch.target_length_B, batch.target_out_BT.size(1)).index_P.to(batch.target_out_BT.device()));
}

}  // namespace attnzoo
