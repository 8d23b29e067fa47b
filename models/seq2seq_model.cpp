#include "models/seq2seq_model.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include "data/error.h"
#include "models/copying.h"
#include "models/layers/packing.h"

namespace attnzoo {

namespace {

// Calls visit(tensor) for each defined tensor of a form.
void visit_tensors(auto& form, const auto& visit)
  requires requires { form.memory_BSC; }
{
  visit(form.memory_BSC);
  visit(form.keep_BS);
  visit(form.length_B);
  for (auto& tensor : form.projected) visit(tensor);
  for (auto& tensor : form.initial) visit(tensor);
  if (form.source_BS.defined()) visit(form.source_BS);
}
void visit_tensors(auto& form, const auto& visit)
  requires requires { form.per_row; }
{
  visit(form.sentence_N);
  for (auto& tensor : form.per_row) visit(tensor);
}

std::vector<torch::Tensor> tensors_of(const auto& form) {
  std::vector<torch::Tensor> list;
  visit_tensors(form, [&](const torch::Tensor& tensor) { list.push_back(tensor); });
  return list;
}
auto of_form(auto form, std::span<const torch::Tensor> tensors) {
  size_t next = 0;
  visit_tensors(form, [&](torch::Tensor& tensor) {
    if (next == tensors.size()) fail<Error>("model: {} tensors make no memory or state of this form", tensors.size());
    tensor = tensors[next++];
  });
  if (next < tensors.size()) fail<Error>("model: a memory or state of this form has {} tensors, not {}", next, tensors.size());
  return form;
}

}  // namespace

std::vector<torch::Tensor> Memory::tensors() const { return tensors_of(*this); }
Memory Memory::with(std::span<const torch::Tensor> tensors) const { return of_form(*this, tensors); }
std::vector<torch::Tensor> State::tensors() const { return tensors_of(*this); }
State State::with(std::span<const torch::Tensor> tensors) const { return of_form(*this, tensors); }

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

torch::Tensor Seq2SeqModel::logits(const torch::Tensor& states) const {
  return packed_output_ ? packed_output_->apply(states) : at::linear(states, output_weight_VD(), output_bias_V());
}

bool Seq2SeqModel::runs_packed(const torch::Tensor& ids) const {
  return ids.device().is_cpu() && output_weight_VD().scalar_type() == torch::kFloat && !torch::jit::tracer::isTracing();
}

torch::Tensor packed_targets_P(const Batch& batch) {
  return Packing(batch.target_length_B, batch.target_out_BT.size(1)).pack(batch.target_out_BT);
}

}  // namespace attnzoo
