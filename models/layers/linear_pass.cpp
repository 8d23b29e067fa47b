#include "models/layers/linear_pass.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <optional>

#include "models/kernels/column_sums.h"
#include "models/kernels/gemm.h"

namespace attnzoo {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

std::optional<torch::Tensor> if_defined(const torch::Tensor& x) { return x.defined() ? std::optional(x) : std::nullopt; }

torch::Tensor rows_of(const torch::Tensor& x) { return x.dim() == 2 ? x : x.reshape({-1, x.size(-1)}); }

struct LinearPass : torch::autograd::Function<LinearPass> {
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weight_MK,
                          const std::optional<torch::Tensor>& bias_M, bool relu, const std::optional<torch::Tensor>& add) {
    const auto y = kernels::PackedWeight(weight_MK, bias_M.value_or(torch::Tensor())).apply(x, {relu, add.value_or(torch::Tensor())});
    // The gradient of max(0, y) is read off the result.
    context->save_for_backward({x, weight_MK, relu ? y : torch::Tensor()});
    context->saved_data["bias"] = bias_M.has_value();
    context->saved_data["add"] = add.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight_MK = saved[1], &y = saved[2];
    const auto d_y = grads[0].contiguous();
    const auto d_y_PM = rows_of(d_y);
    torch::Tensor d_bias_M, d_x;
    auto d_inner_PM = d_y_PM;
    if (y.defined()) d_inner_PM = torch::empty_like(d_y_PM);
    if (context->saved_data["bias"].toBool()) d_bias_M = torch::empty({weight_MK.size(0)}, weight_MK.options());
    kernels::column_sums(d_y_PM.size(0), d_y_PM.size(1), d_y_PM.const_data_ptr<float>(), y.defined() ? y.const_data_ptr<float>() : nullptr,
                         y.defined() ? d_inner_PM.mutable_data_ptr<float>() : nullptr,
                         d_bias_M.defined() ? d_bias_M.mutable_data_ptr<float>() : nullptr);
    if (context->needs_input_grad(0)) d_x = kernels::PackedWeight(weight_MK.t()).apply(d_inner_PM).view_as(x);
    const auto d_weight_MK = d_inner_PM.t().mm(rows_of(x));
    return {d_x, d_weight_MK, d_bias_M, Variable(), context->saved_data["add"].toBool() ? d_y : Variable()};
  }
};

}  // namespace

torch::Tensor linear_pass(const torch::Tensor& x, const torch::Tensor& weight_MK, const torch::Tensor& bias_M,
                          const kernels::Epilogue& epilogue) {
  const bool own = torch::GradMode::is_enabled() && weight_MK.requires_grad() && x.device().is_cpu() && x.scalar_type() == torch::kFloat &&
                   !torch::jit::tracer::isTracing() && x.numel() > 0 && !(epilogue.relu && epilogue.add.defined());
  if (own) return LinearPass::apply(x, weight_MK, if_defined(bias_M), epilogue.relu, if_defined(epilogue.add));
  auto y = at::linear(x, weight_MK, bias_M);
  if (epilogue.relu) y = at::relu(y);
  return epilogue.add.defined() ? epilogue.add + y : y;
}

}  // namespace attnzoo
