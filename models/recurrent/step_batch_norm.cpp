#include "models/recurrent/step_batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "models/layers/parameters.h"

namespace attnzoo {

StepBatchNorm::StepBatchNorm(int64_t dim) {
  weight = register_parameter("weight", torch::ones({dim}, parameter_options()));
  bias = register_parameter("bias", torch::zeros({dim}, parameter_options()));
  running_mean_KC = register_buffer("running_mean", torch::zeros({kSteps, dim}, parameter_options()));
  running_variance_KC = register_buffer("running_variance", torch::ones({kSteps, dim}, parameter_options()));
}

torch::Tensor StepBatchNorm::forward(const torch::Tensor& x_PC, const torch::Tensor& position_P) const {
  const auto step_P = position_P.clamp_max(kSteps - 1);
  if (is_training()) return normalize_batch(x_PC, step_P);
  // Two operations per element on tables of fixed size: no bit depends on the other rows.
  const auto scale_KC = weight / (running_variance_KC + kEpsilon).sqrt();
  const auto shift_KC = bias - running_mean_KC * scale_KC;
  return x_PC * scale_KC.index_select(0, step_P) + shift_KC.index_select(0, step_P);
}

torch::Tensor StepBatchNorm::normalize_batch(const torch::Tensor& x_PC, const torch::Tensor& step_P) const {
  // Sums over a step's rows, and back, as matmuls: their gradients are matmuls too.
  const auto at_step_PK = at::one_hot(step_P, kSteps).to(x_PC.scalar_type());
  const auto count_K1 = at_step_PK.sum(0).unsqueeze(1);
  const auto mean_of_rows = [&](const torch::Tensor& rows_PC) { return at_step_PK.t().mm(rows_PC) / count_K1.clamp_min(1); };
  const auto mean_KC = mean_of_rows(x_PC);
  const auto variance_KC = mean_of_rows((x_PC - at_step_PK.mm(mean_KC)).square());
  const auto several_K1 = count_K1 > 1;
  const auto used_mean_KC = at::where(several_K1, mean_KC, running_mean_KC);
  const auto used_variance_KC = at::where(several_K1, variance_KC, running_variance_KC);
  {
    const at::NoGradGuard no_grad;
    // The trainer skips a batch whose gradient is not finite; so do the statistics.
    const auto known_KC = several_K1.logical_and(variance_KC.isfinite());
    const auto unbiased_KC = variance_KC * count_K1 / (count_K1 - 1).clamp_min(1);
    running_mean_KC.copy_(at::where(known_KC, running_mean_KC.lerp(mean_KC, kMomentum), running_mean_KC));
    running_variance_KC.copy_(at::where(known_KC, running_variance_KC.lerp(unbiased_KC, kMomentum), running_variance_KC));
  }
  return (x_PC - at_step_PK.mm(used_mean_KC)) * at_step_PK.mm(weight / (used_variance_KC + kEpsilon).sqrt()) + bias;
}

}  // namespace attnzoo
