#include "train/pointer_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "data/error.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

// (states_PD, weight_VD, bias_V, targets_P) -> log softmax(logits) [P, 2]: that of the target, and its mean over the vocabulary.
struct VocabularyLogProbability : torch::autograd::Function<VocabularyLogProbability> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& states_PD, const torch::Tensor& weight_VD,
                               const torch::Tensor& bias_V, const torch::Tensor& targets_P) {
    context->save_for_backward({states_PD, weight_VD, bias_V, targets_P});
    const auto result_P2 = torch::empty({states_PD.size(0), 2}, states_PD.options().requires_grad(false));
    for_each_block(states_PD.size(0), [&](int64_t begin, int64_t rows) {
      const auto log_p_RV = at::linear(states_PD.narrow(0, begin, rows), weight_VD, bias_V).log_softmax(-1);
      auto block = result_P2.narrow(0, begin, rows);
      block.select(1, 0).copy_(log_p_RV.gather(1, targets_P.narrow(0, begin, rows).unsqueeze(1)).squeeze(1));
      block.select(1, 1).copy_(log_p_RV.mean(-1));
    });
    return result_P2;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const auto &states_PD = saved[0], &weight_VD = saved[1], &bias_V = saved[2], &targets_P = saved[3];
    const auto d_states_PD = torch::empty_like(states_PD), d_weight_VD = torch::zeros_like(weight_VD), d_bias_V = torch::zeros_like(bias_V);
    const auto num_words = static_cast<double>(weight_VD.size(0));
    for_each_block(states_PD.size(0), [&](int64_t begin, int64_t rows) {
      const auto states_RD = states_PD.narrow(0, begin, rows);
      const auto of_target_R1 = grads[0].narrow(0, begin, rows).narrow(1, 0, 1),
                 of_mean_R1 = grads[0].narrow(0, begin, rows).narrow(1, 1, 1);
      // d log p_y / d logits = onehot(y) - p,  d mean_v log p_v / d logits = 1 / V - p
      auto d_logits_RV =
          at::linear(states_RD, weight_VD, bias_V).softmax(-1).mul_(-(of_target_R1 + of_mean_R1)).add_(of_mean_R1 / num_words);
      d_logits_RV.scatter_add_(1, targets_P.narrow(0, begin, rows).unsqueeze(1), of_target_R1);
      d_states_PD.narrow(0, begin, rows).copy_(d_logits_RV.mm(weight_VD));
      d_weight_VD.addmm_(d_logits_RV.t(), states_RD);
      d_bias_V.add_(d_logits_RV.sum(0));
    });
    return {d_states_PD, d_weight_VD, d_bias_V, torch::Tensor()};
  }

  template <class Body>
  static void for_each_block(int64_t num_rows, const Body& body) {
    for (int64_t begin = 0; begin < num_rows; begin += kLossBlockRows) body(begin, std::min(kLossBlockRows, num_rows - begin));
  }
};

}  // namespace

torch::Tensor pointer_loss(const torch::Tensor& states_PD, const CopySource& copy, const torch::Tensor& weight_VD,
                           const torch::Tensor& bias_V, const torch::Tensor& targets_P, const LossOptions& options, LossSums& sums) {
  const int64_t num_words = weight_VD.size(0), num_ids = num_words + copy.source_PS.size(1);
  if (targets_P.numel() > 0) {
    const auto highest = targets_P.max().item<int64_t>();
    if (highest >= num_ids)
      fail<DataError>(
          "training: a target has the id {}; its vocabulary and source have the ids 0 to {}; remove the prepared corpora, so that they are "
          "made again",
          highest, num_ids - 1);
  }
  const auto in_vocabulary_P = targets_P < num_words;
  const auto bias = bias_V.defined() ? bias_V : torch::zeros({weight_VD.size(0)}, weight_VD.options().requires_grad(false));
  const auto log_p_P2 = VocabularyLogProbability::apply(states_PD, weight_VD, bias, targets_P.where(in_vocabulary_P, int64_t{kUnkId}));
  const auto generate_P = copy.generate_P1.squeeze(1);
  const auto copied_P = (copy.weights_PS * (copy.source_PS == targets_P.unsqueeze(1))).sum(1);
  const auto probability_P = generate_P * log_p_P2.select(1, 0).exp() * in_vocabulary_P + (1 - generate_P) * copied_P;
  const auto nll_P = -probability_P.clamp_min(1e-37).log();
  const auto loss_P = (1 - options.smoothing) * nll_P - options.smoothing * log_p_P2.select(1, 1);
  sums.nll += nll_P.detach().sum(torch::kDouble).item<double>();
  sums.loss += loss_P.detach().sum(torch::kDouble).item<double>();
  sums.num_tokens += targets_P.size(0);
  return options.scale * loss_P.sum();
}

}  // namespace attnzoo
