#include "models/layers/dropout.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <optional>

#include "models/kernels/dropout.h"

namespace attnzoo {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

uint64_t next_seed() {
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

bool has_kernel(const torch::Tensor& x) { return x.device().is_cpu() && x.scalar_type() == torch::kFloat; }

struct CounterDropout : torch::autograd::Function<CounterDropout> {
  static Variable forward(AutogradContext* context, const Variable& x, double p, const std::optional<torch::Tensor>& add) {
    const uint64_t seed = next_seed();
    context->saved_data["seed"] = static_cast<int64_t>(seed);
    context->saved_data["p"] = p;
    context->saved_data["add"] = add.has_value();
    return run(x, seed, p, add ? add->contiguous() : torch::Tensor());
  }
  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto seed = static_cast<uint64_t>(context->saved_data["seed"].toInt());
    return {run(grads[0], seed, context->saved_data["p"].toDouble(), {}), Variable(),
            context->saved_data["add"].toBool() ? grads[0] : Variable()};
  }
  static torch::Tensor run(const torch::Tensor& x, uint64_t seed, double p, const torch::Tensor& add) {
    const auto in = x.contiguous();
    auto out = torch::empty_like(in);
    kernels::dropout_apply(in.numel(), in.const_data_ptr<float>(), add.defined() ? add.const_data_ptr<float>() : nullptr,
                           out.data_ptr<float>(), kernels::dropout_key(seed, p));
    return out;
  }
};

}  // namespace

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training) {
  if (!training || p == 0) return x;
  if (has_kernel(x)) return CounterDropout::apply(x, p, std::nullopt);
  return at::dropout(x, p, true);
}

torch::Tensor add_dropped(const torch::Tensor& x, const torch::Tensor& y, double p, bool training) {
  if (training && p > 0 && has_kernel(x) && has_kernel(y)) return CounterDropout::apply(y, p, x);
  return x + apply_dropout(y, p, training);
}

torch::Tensor dropout_mask(at::IntArrayRef shape, double p) {
  auto mask = torch::empty(shape, torch::kFloat);
  kernels::dropout_fill(mask.numel(), mask.data_ptr<float>(), kernels::dropout_key(next_seed(), p));
  return mask;
}

torch::Tensor sentence_dropout_mask(int64_t num_sentences, int64_t dim, double p, const torch::TensorOptions& options) {
  return dropout_mask({num_sentences, dim}, p).to(options.requires_grad(false));
}

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training, const torch::Tensor& mask) {
  return mask.defined() ? x * mask : apply_dropout(x, p, training);
}

}  // namespace attnzoo
