#include "models/recurrent/decoder_pass.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/recurrent/decoder_record.h"

namespace attnzoo {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// The tensors that get a gradient go through autograd as one list, in the order of flatten() and of the constructor below: gx, keys,
// memory, initial .., then for each cell weight_hh, bias_hh (above the first also weight_ih, bias_ih), feed, query, readout weight and
// bias, score vector (additive only).
variable_list flatten(const torch::Tensor& gx, const torch::Tensor& keys, const torch::Tensor& memory,
                      const std::vector<torch::Tensor>& initial, const DecoderWeights& w) {
  variable_list list = {gx, keys, memory};
  list.insert(list.end(), initial.begin(), initial.end());
  for (size_t l = 0; l < w.weight_hh.size(); ++l) {
    list.push_back(w.weight_hh[l]);
    list.push_back(w.bias_hh[l]);
    if (l == 0) continue;
    list.push_back(w.weight_ih[l]);
    list.push_back(w.bias_ih[l]);
  }
  list.insert(list.end(), {w.feed_weight, w.query_weight, w.readout_weight, w.readout_bias});
  if (w.score_vector.defined()) list.push_back(w.score_vector);
  return list;
}

DecoderWeights detached(const DecoderWeights& w) {
  DecoderWeights copy;
  const auto all = [](const std::vector<torch::Tensor>& tensors) {
    std::vector<torch::Tensor> detached;
    for (const auto& tensor : tensors) detached.push_back(tensor.defined() ? tensor.detach() : tensor);
    return detached;
  };
  copy.weight_hh = all(w.weight_hh);
  copy.bias_hh = all(w.bias_hh);
  copy.weight_ih = all(w.weight_ih);
  copy.bias_ih = all(w.bias_ih);
  copy.feed_weight = w.feed_weight.detach();
  copy.query_weight = w.query_weight.detach();
  copy.readout_weight = w.readout_weight.detach();
  copy.readout_bias = w.readout_bias.detach();
  if (w.score_vector.defined()) copy.score_vector = w.score_vector.detach();
  return copy;
}

struct DecoderFunction : torch::autograd::Function<DecoderFunction> {
  static Variable forward(AutogradContext* context, at::TensorList tensors, const c10::intrusive_ptr<DecoderRecord>& record,
                          int64_t num_initial) {
    std::vector<torch::Tensor> initial;
    for (int64_t i = 0; i < num_initial; ++i) initial.push_back(tensors[static_cast<size_t>(3 + i)].detach());
    const auto r_P = record->forward(tensors[0].detach(), tensors[1].detach(), tensors[2].detach(), initial);
    context->saved_data["record"] = c10::IValue::make_capsule(record);
    return r_P.clone();
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto record = c10::dynamic_intrusive_pointer_cast<DecoderRecord>(context->saved_data["record"].toCapsule());
    const auto gradients = record->backward(grads[0].contiguous());
    auto list = flatten(gradients.gx_P, gradients.keys_PA, gradients.memory_PC, gradients.initial, gradients.weights);
    list.resize(list.size() + 2);  // no gradient for the record and the count
    return list;
  }
};

}  // namespace

torch::Tensor run_decoder(const DecoderParts& parts, const torch::Tensor& gx_P, const torch::Tensor& keys_PA,
                          const torch::Tensor& memory_PC, const std::vector<torch::Tensor>& initial, const Packing& target,
                          const Packing& source, bool training) {
  DecoderWeights weights;
  for (const auto& cell : parts.cells) {
    weights.weight_hh.push_back(cell->weight_hh);
    weights.bias_hh.push_back(cell->bias_hh);
    weights.weight_ih.push_back(cell->weight_ih);
    weights.bias_ih.push_back(cell->bias_ih);
  }
  const int64_t readout = parts.readout_weight.size(0), inputs = parts.cells[0]->weight_ih.size(1);
  weights.feed_weight = parts.cells[0]->weight_ih.narrow(1, inputs - readout, readout);
  weights.query_weight = parts.query_weight_AH;
  weights.score_vector = parts.score_vector_A;
  weights.readout_weight = parts.readout_weight;
  weights.readout_bias = parts.readout_bias;

  const auto record = c10::make_intrusive<DecoderRecord>(parts.cells[0]->kind, detached(weights), target, source,
                                                         DecoderOptions{training ? parts.dropout : 0.0, parts.residual, parts.masks});
  const auto& order = record->order();
  std::vector<torch::Tensor> ranked;
  for (const auto& tensor : initial) ranked.push_back(tensor.index_select(0, order.order_B));
  const auto tensors = flatten(gx_P.index_select(0, order.from_packed_P), keys_PA, memory_PC, ranked, weights);
  const auto r_P = DecoderFunction::apply(at::TensorList(tensors), record, static_cast<int64_t>(ranked.size()));
  return r_P.index_select(0, order.to_packed_P);
}

}  // namespace attnzoo
