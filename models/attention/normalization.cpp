#include "models/attention/normalization.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "data/error.h"

namespace attnzoo {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// 1, 2, .. along the last dimension; traceable, since it reads no size.
torch::Tensor ranks_like(const torch::Tensor& x) { return at::ones_like(x).cumsum(-1); }

// The threshold of the largest consistent support: at the last rank of the sorted row where `inside` holds.
torch::Tensor threshold_at(const torch::Tensor& tau_by_rank, const torch::Tensor& inside) {
  const auto support = inside.to(torch::kLong).sum(-1, true).clamp_min(1);
  return tau_by_rank.gather(-1, support - 1);
}

struct Sparsemax : torch::autograd::Function<Sparsemax> {
  static Variable forward(AutogradContext* context, const Variable& scores) {
    const auto z = scores - std::get<0>(scores.max(-1, true));
    const auto sorted = std::get<0>(z.sort(-1, /*descending=*/true));
    const auto rank = ranks_like(sorted);
    const auto tau = (sorted.cumsum(-1) - 1) / rank;
    const auto weights = (z - threshold_at(tau, sorted > tau)).clamp_min(0);
    context->save_for_backward({weights});
    return weights;
  }
  // The Jacobian on the support is I - 1 1^T / |support|.
  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto support = (context->get_saved_variables()[0] > 0).to(grads[0].scalar_type());
    const auto mean = (grads[0] * support).sum(-1, true) / support.sum(-1, true);
    return {(grads[0] - mean) * support};
  }
};

struct Entmax15 : torch::autograd::Function<Entmax15> {
  static Variable forward(AutogradContext* context, const Variable& scores) {
    const auto z = (scores - std::get<0>(scores.max(-1, true))) / 2;
    // The square of a masked score would swamp the others.
    const auto sorted = std::get<0>(z.sort(-1, /*descending=*/true)).clamp_min(-2);
    const auto rank = ranks_like(sorted);
    const auto mean = sorted.cumsum(-1) / rank;
    const auto spread = (sorted * sorted).cumsum(-1) - rank * mean * mean;
    const auto tau = mean - ((1 - spread) / rank).clamp_min(0).sqrt();
    const auto root = (z - threshold_at(tau, tau <= sorted)).clamp_min(0);
    context->save_for_backward({root});
    return root * root;
  }
  // With g = sqrt(w): the Jacobian is diag(g) - g g^T / sum(g).
  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto root = context->get_saved_variables()[0];
    const auto scaled = grads[0] * root;
    return {scaled - root * (scaled.sum(-1, true) / root.sum(-1, true))};
  }
};

}  // namespace

const std::vector<std::string>& normalization_names() {
  static const std::vector<std::string> names = {"softmax", "sparsemax", "entmax15"};
  return names;
}

Normalization normalization_of(const std::string& name) {
  const auto& names = normalization_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    fail<ConfigError>("model.attention_normalization: unknown normalisation '{}'; known: {}", name, fmt::join(names, ", "));
  return static_cast<Normalization>(found - names.begin());
}

torch::Tensor normalize_scores(const torch::Tensor& scores, Normalization normalization) {
  switch (normalization) {
    case Normalization::kSparsemax:
      return Sparsemax::apply(scores);
    case Normalization::kEntmax15:
      return Entmax15::apply(scores);
    case Normalization::kSoftmax:
      break;
  }
  return scores.softmax(-1);
}

}  // namespace attnzoo
