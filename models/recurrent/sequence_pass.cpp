#include "models/recurrent/sequence_pass.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/recurrent/cell_pass.h"

namespace attnzoo {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// What the backward pass of a batch needs; the graph keeps it alive.
struct SequenceRecord : torch::CustomClassHolder {
  SequenceRecord(const TimeMajor& time_major, const Cell& cell, const torch::Tensor& mask_BH)
      : order(time_major),
        pass(cell.kind, order, cell.weight_hh.detach(), cell.bias_hh.detach(), zeros(cell.kind, order, cell.weight_hh),
             mask_BH.defined() ? mask_BH.index_select(0, order.order_B) : mask_BH) {}
  static std::vector<torch::Tensor> zeros(CellKind kind, const TimeMajor& order, const torch::Tensor& weight_hh) {
    const auto zero = torch::zeros({static_cast<int64_t>(order.order.size()), weight_hh.size(1)}, weight_hh.options().requires_grad(false));
    return std::vector<torch::Tensor>(static_cast<size_t>(num_state_tensors(kind)), zero);
  }
  TimeMajor order;
  CellPass pass;
};

struct SequencePass : torch::autograd::Function<SequencePass> {
  // gx_P in time-major order; returns h_P in the same order. The record holds the weights; they are arguments to get gradients.
  static Variable forward(AutogradContext* context, const Variable& gx_P, const Variable& /*weight_hh*/, const Variable& /*bias_hh*/,
                          const c10::intrusive_ptr<SequenceRecord>& record) {
    for (int64_t t = 0; t < record->order.num_steps(); ++t) record->pass.forward_step(t, record->order.step(gx_P, t));
    context->saved_data["record"] = c10::IValue::make_capsule(record);
    return record->pass.h_P.clone();
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto record = c10::dynamic_intrusive_pointer_cast<SequenceRecord>(context->saved_data["record"].toCapsule());
    const auto& order = record->order;
    auto& pass = record->pass;
    const auto d_h_P = grads[0].clone(at::MemoryFormat::Contiguous);
    pass.start_backward();
    for (int64_t t = order.num_steps() - 1; t >= 0; --t) pass.backward_step(t, order.step(d_h_P, t));
    return {pass.d_gx_P, pass.d_weight_hh(), pass.d_bias_hh(), Variable()};
  }
};

torch::Tensor infer_sequence(const Cell& cell, const torch::Tensor& gx_P, const TimeMajor& order) {
  const auto zero = torch::zeros({static_cast<int64_t>(order.order.size()), cell.hidden_dim}, gx_P.options());
  std::vector<torch::Tensor> state(static_cast<size_t>(num_state_tensors(cell.kind)), zero), outputs;
  for (int64_t t = 0; t < order.num_steps(); ++t) {
    for (auto& tensor : state) tensor = tensor.narrow(0, 0, order.step_rows[static_cast<size_t>(t)]);
    state = cell_forward(cell.kind, order.step(gx_P, t), cell.recurrent_part(state[0]), state, {});
    outputs.push_back(state[0]);
  }
  return outputs.empty() ? zero : at::cat(outputs);
}

}  // namespace

torch::Tensor run_sequence(const Cell& cell, const torch::Tensor& x_PI, const TimeMajor& order, const torch::Tensor& mask_BH) {
  const auto gx_P = cell.input_part(x_PI).index_select(0, order.from_packed_P);
  const auto h_P = cell.frozen()
                       ? infer_sequence(cell, gx_P, order)
                       : SequencePass::apply(gx_P, cell.weight_hh, cell.bias_hh, c10::make_intrusive<SequenceRecord>(order, cell, mask_BH));
  return h_P.index_select(0, order.to_packed_P);
}

}  // namespace attnzoo
