#include "models/seq2seq_model.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include "models/copying.h"
#include "models/layers/packing.h"

namespace attnzoo {

State State::select(const torch::Tensor& row_M) const {
  State selected;
  selected.sentence_N = sentence_N.index_select(0, row_M);
  selected.per_row.reserve(per_row.size());
  for (const auto& tensor : per_row) selected.per_row.push_back(tensor.index_select(0, row_M));
  selected.per_step = per_step;
  return selected;
}

CopySource CopySource::narrow(int64_t begin, int64_t num_rows) const {
  return {generate_P1.narrow(0, begin, num_rows), weights_PS.narrow(0, begin, num_rows), source_PS.narrow(0, begin, num_rows)};
}

torch::Tensor Seq2SeqModel::forward(const Batch& batch) {
  const auto forced = forward_states(batch);
  const auto logits_PV = at::linear(forced.states_PD, output_weight_VD(), output_bias_V());
  return forced.copy ? copy_logits(logits_PV, *forced.copy) : logits_PV;
}

torch::Tensor Seq2SeqModel::logits(const torch::Tensor& states) {
  return packed_output_.linear(states, output_weight_VD(), output_bias_V(), is_training());
}

bool Seq2SeqModel::runs_packed(const torch::Tensor& ids) const {
  return ids.device().is_cpu() && output_weight_VD().scalar_type() == torch::kFloat && !torch::jit::tracer::isTracing();
}

void Seq2SeqModel::train(bool on) {
  torch::nn::Module::train(on);
  packed_output_.clear();
}

torch::Tensor packed_targets_P(const Batch& batch) {
  return Packing(batch.target_length_B, batch.target_out_BT.size(1)).pack(batch.target_out_BT);
}

}  // namespace attnzoo
