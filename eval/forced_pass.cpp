#include "eval/forced_pass.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "data/special_tokens.h"
#include "eval/label_logits.h"
#include "eval/row_top_k.h"

namespace attnzoo {
namespace {

torch::Tensor on_cpu(const torch::Tensor& x) { return x.to(torch::kCPU, torch::kFloat).contiguous(); }

// The layers' weights of each step, [1, H, S] or [1, H, t], as one tensor per layer [H, T, width].
std::vector<torch::Tensor> by_layer(const std::vector<std::vector<torch::Tensor>>& steps, int64_t width) {
  std::vector<torch::Tensor> layers;
  for (size_t l = 0; l < steps.front().size(); ++l) {
    std::vector<torch::Tensor> rows;
    for (const auto& step : steps) rows.push_back(at::constant_pad_nd(on_cpu(step[l][0]), {0, width - step[l].size(2)}));
    layers.push_back(at::stack(rows, 1));
  }
  return layers;
}

// Where a pointer-generator took a token from (See et al. 2017, eq. 9).
int32_t copied_position(const StepOutput& output, std::span<const int32_t> source, int32_t token, double log_probability) {
  const auto attention_S = on_cpu(output.attention_NS[0]);
  double copied = 0;
  int32_t best = -1;
  for (size_t s = 0; s < source.size(); ++s) {
    if (source[s] != token) continue;
    const auto* weights = attention_S.const_data_ptr<float>();
    copied += weights[s];
    if (best < 0 || weights[s] > weights[best]) best = static_cast<int32_t>(s);
  }
  copied *= 1 - output.generate_N[0].item<double>();
  return copied > std::exp(log_probability) / 2 ? best : -1;
}

}  // namespace

ForcedPass force(const InferenceModel& model, std::span<const int32_t> source, std::span<const int32_t> target, torch::Device device) {
  const at::NoGradGuard no_grad;
  const std::vector<int64_t> ids(source.begin(), source.end());
  const auto source_1S = at::tensor(ids, torch::kLong).unsqueeze(0).to(device);
  ForcedPass pass;
  std::vector<torch::Tensor> encoder, attention;
  const Memory memory = model->encode_with_heads(source_1S, encoder);
  for (const auto& layer : encoder) pass.encoder_HSS.push_back(on_cpu(layer[0]));
  State state = model->start(memory);
  std::vector<std::vector<torch::Tensor>> source_steps, past_steps;
  for (size_t t = 0; t < target.size(); ++t) {
    const int64_t previous = t == 0 ? kBosId : target[t - 1];
    auto output = model->step(memory, state, at::full({1}, previous, torch::kLong).to(device), AttentionRequest::kHeads);
    if (model->says_label()) output.logits_NV = label_logits(output.logits_NV);
    const auto logits_V = on_cpu(output.logits_NV[0]);
    const auto* row = logits_V.const_data_ptr<float>();
    const double log_sum = row_log_sum_exp(row, logits_V.size(0));
    pass.log_probabilities.push_back(row[target[t]] - log_sum);
    if (t == 0) pass.first_log_probability_V = logits_V - log_sum;
    attention.push_back(on_cpu(output.attention_NS[0]));
    source_steps.push_back(output.heads.source_NHS);
    past_steps.push_back(output.heads.past_NHT);
    if (model->copies()) {
      pass.generate.push_back(output.generate_N[0].item<double>());
      pass.copied_from.push_back(copied_position(output, source, target[t], pass.log_probabilities.back()));
    }
    state = std::move(output.state);
  }
  pass.attention_TS = at::stack(attention);
  pass.source_HTS = by_layer(source_steps, static_cast<int64_t>(source.size()));
  pass.past_HTT = by_layer(past_steps, static_cast<int64_t>(target.size()));
  return pass;
}

}  // namespace attnzoo
