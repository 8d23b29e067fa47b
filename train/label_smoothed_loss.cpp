#include "train/label_smoothed_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>

#include "data/error.h"
#include "data/parallel.h"
#include "models/kernels/gemm.h"
#include "train/softmax_gradient.h"

namespace attnzoo {
namespace {

// Rows a thread takes at a time. A bias gradient is summed within such a group, then over the groups in order: the same bits with
// any number of threads.
constexpr int64_t kGroupRows = 32;

struct Gradients {
  torch::Tensor states_PD, weight_VD, bias_V;
};

class FusedLoss {
 public:
  FusedLoss(const torch::Tensor& states_PD, const torch::Tensor& weight_VD, const torch::Tensor& bias_V, const torch::Tensor& targets_P,
            const LossOptions& options, bool want_gradients)
      : states_(states_PD.detach().contiguous()),
        weight_(weight_VD.detach()),
        bias_(bias_V.defined() ? bias_V.detach() : torch::Tensor()),
        targets_(targets_P.contiguous()),
        options_(options),
        want_gradients_(want_gradients) {
    if (states_.device().is_cpu() && states_.scalar_type() == torch::kFloat) {
      packed_.emplace(weight_);
      if (want_gradients_) transposed_.emplace(weight_.t());
    }
    if (!want_gradients_) return;
    gradients_.states_PD = torch::empty_like(states_);
    gradients_.weight_VD = torch::empty_like(weight_, torch::MemoryFormat::Contiguous);
    if (states_.size(0) == 0) gradients_.weight_VD.zero_();
    if (bias_.defined()) gradients_.bias_V = torch::zeros_like(bias_);
  }

  void run(LossSums& sums) {
    const int64_t num_rows = states_.size(0);
    auto buffer_RV = torch::empty({std::min(kLossBlockRows, num_rows), weight_.size(0)}, states_.options());
    for (int64_t begin = 0; begin < num_rows; begin += kLossBlockRows) {
      const int64_t rows = std::min(kLossBlockRows, num_rows - begin);
      const auto states_RD = states_.narrow(0, begin, rows);
      auto logits_RV = buffer_RV.narrow(0, 0, rows);
      if (packed_) {
        packed_->apply_to(logits_RV, states_RD);
        block_kernel(logits_RV, targets_.narrow(0, begin, rows), sums);
      } else {
        at::mm_out(logits_RV, states_RD, weight_.t());
        block_operators(logits_RV, targets_.narrow(0, begin, rows), sums);
      }
      if (want_gradients_) {
        auto out = gradients_.states_PD.narrow(0, begin, rows);
        if (transposed_)
          transposed_->apply_to(out, logits_RV);
        else
          at::mm_out(out, logits_RV, weight_);
        at::addmm_out(gradients_.weight_VD, gradients_.weight_VD, logits_RV.t(), states_RD, begin == 0 ? 0 : 1);
      }
    }
    sums.num_tokens += num_rows;
  }

  Gradients& gradients() { return gradients_; }

 private:
  // Leaves the gradient of the logits in their place.
  void block_kernel(torch::Tensor& logits_RV, const torch::Tensor& targets_R, LossSums& sums) {
    const int64_t rows = logits_RV.size(0), width = logits_RV.size(1), num_groups = (rows + kGroupRows - 1) / kGroupRows;
    const SoftmaxGradient settings{width, static_cast<float>(options_.smoothing), static_cast<float>(options_.scale)};
    const auto bias = bias_.defined() ? bias_.contiguous() : torch::Tensor();
    const bool bias_gradient = bias.defined() && want_gradients_;
    const auto group_bias_GV = bias_gradient ? torch::zeros({num_groups, width}, bias.options()) : torch::Tensor();
    std::vector<double> loss_R(static_cast<size_t>(rows)), nll_R(static_cast<size_t>(rows));
    parallel_for(0, num_groups, 1, [&](int64_t first, int64_t last) {
      for (int64_t group = first; group < last; ++group) {
        const int64_t row = group * kGroupRows;
        softmax_gradient_rows(settings, logits_RV.data_ptr<float>() + row * width, bias.defined() ? bias.data_ptr<float>() : nullptr,
                              targets_R.data_ptr<int64_t>() + row, std::min(kGroupRows, rows - row),
                              bias_gradient ? group_bias_GV.data_ptr<float>() + group * width : nullptr, loss_R.data() + row,
                              nll_R.data() + row);
      }
    });
    for (size_t row = 0; row < loss_R.size(); ++row) {
      sums.loss += loss_R[row];
      sums.nll += nll_R[row];
    }
    if (bias_gradient) gradients_.bias_V.add_(group_bias_GV.sum(0));
  }

  void block_operators(torch::Tensor& logits_RV, const torch::Tensor& targets_R, LossSums& sums) {
    if (bias_.defined()) logits_RV.add_(bias_);
    const auto width = static_cast<double>(logits_RV.size(1));
    const auto log_p_RV = at::log_softmax(logits_RV, 1);
    const auto target_R1 = targets_R.unsqueeze(1);
    const double nll = -log_p_RV.gather(1, target_R1).sum(torch::kDouble).item<double>();
    sums.nll += nll;
    sums.loss += (1.0 - options_.smoothing) * nll - options_.smoothing / width * log_p_RV.sum(torch::kDouble).item<double>();
    if (!want_gradients_) return;
    logits_RV.copy_(log_p_RV).exp_().sub_(options_.smoothing / width);
    logits_RV.scatter_add_(1, target_R1, torch::full_like(target_R1, options_.smoothing - 1.0, logits_RV.options()));
    logits_RV.mul_(options_.scale);
    if (bias_.defined()) gradients_.bias_V.add_(logits_RV.sum(0));
  }

  torch::Tensor states_, weight_, bias_, targets_;
  std::optional<kernels::PackedWeight> packed_, transposed_;
  LossOptions options_;
  bool want_gradients_;
  Gradients gradients_;
};

struct LossFunction : torch::autograd::Function<LossFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& states_PD, const torch::Tensor& weight_VD,
                               const std::optional<torch::Tensor>& bias_V, const torch::Tensor& targets_P, const LossOptions& options,
                               LossSums* sums) {
    FusedLoss loss(states_PD, weight_VD, bias_V.value_or(torch::Tensor()), targets_P, options, true);
    const double before = sums->loss;
    loss.run(*sums);
    auto& gradients = loss.gradients();
    context->save_for_backward({gradients.states_PD, gradients.weight_VD, gradients.bias_V});
    return torch::full({}, options.scale * (sums->loss - before), states_PD.options().requires_grad(false));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& output) {
    auto saved = context->get_saved_variables();
    const auto& factor = output[0];
    // backward() of the loss itself passes 1; skip reading and writing the large gradients for it.
    const bool is_one = factor.device().is_cpu() && factor.item<double>() == 1.0;
    for (auto& gradient : saved)
      if (gradient.defined() && !is_one) gradient = gradient * factor;
    const torch::Tensor none;
    return {saved[0], saved[1], saved[2], none, none, none};
  }
};

}  // namespace

LossSums& LossSums::operator+=(const LossSums& other) {
  loss += other.loss;
  nll += other.nll;
  num_tokens += other.num_tokens;
  return *this;
}

double LossSums::loss_per_token() const { return num_tokens > 0 ? loss / static_cast<double>(num_tokens) : std::nan(""); }
double LossSums::perplexity() const { return num_tokens > 0 ? std::exp(nll / static_cast<double>(num_tokens)) : std::nan(""); }

torch::Tensor label_smoothed_loss(const torch::Tensor& states_PD, const torch::Tensor& weight_VD, const torch::Tensor& bias_V,
                                  const torch::Tensor& targets_P, const LossOptions& options, LossSums& sums) {
  if (states_PD.size(0) != targets_P.size(0))
    fail<Error>("loss: {} states and {} targets; each target position needs one state", states_PD.size(0), targets_P.size(0));
  if (torch::GradMode::is_enabled())
    return LossFunction::apply(states_PD, weight_VD, bias_V.defined() ? std::optional<torch::Tensor>(bias_V) : std::nullopt, targets_P,
                               options, &sums);
  const double before = sums.loss;
  FusedLoss(states_PD, weight_VD, bias_V, targets_P, options, false).run(sums);
  return torch::full({}, options.scale * (sums.loss - before), states_PD.options());
}

}  // namespace attnzoo
