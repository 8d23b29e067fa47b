#include "models/attention/padded_attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/attention/normalization.h"

namespace attnzoo {
namespace {

// Positions relative to the last: -(S - 1) .. 0. From x_BS.., without reading a size.
torch::Tensor places_from_end(const torch::Tensor& x) {
  const auto ones = at::ones_like(x.select(0, 0).select(-1, 0), torch::kLong);
  return ones.cumsum(0) - ones.sum();
}

// What is added to the scores, [1 or B, 1 or H, T, S], with the device and type of `like`; undefined if nothing. type_as, not to(options):
// a trace would keep the device of the options, and the exported model must run on others.
torch::Tensor score_bias(const torch::Tensor& offset_TS, const torch::Tensor& keep_BS, const AttentionForm& form, bool causal,
                         const torch::Tensor& like) {
  torch::Tensor bias;
  const auto add = [&](const torch::Tensor& term) { bias = bias.defined() ? bias + term : term; };
  if (keep_BS.defined()) add(keep_BS.logical_not().type_as(like).unsqueeze(1).unsqueeze(1) * kMaskedScore);
  if (causal) add(offset_TS.gt(0).type_as(like) * kMaskedScore);
  if (form.window > 0) add(offset_TS.abs().gt(form.window).type_as(like) * kMaskedScore);
  if (form.slope_H.defined()) add(offset_TS.abs().type_as(like) * -form.slope_H.type_as(like).view({1, -1, 1, 1}));
  return bias;
}

}  // namespace

torch::Tensor alibi_slopes(int64_t num_heads) {
  const auto head_H = at::arange(1, num_heads + 1, torch::kDouble);
  return (head_H * (-8.0 / static_cast<double>(num_heads))).exp2().to(torch::kFloat);
}

namespace {

torch::Tensor split_heads(const torch::Tensor& x, int64_t count) { return x.unflatten(-1, {count, -1}).transpose(1, 2); }  // [B, H, .., K]

// Keys or values [B, S, E / 2] for each query head.
torch::Tensor for_query_heads(const torch::Tensor& x, const AttentionForm& form) {
  const auto heads = split_heads(x, form.kv_heads());
  if (form.kv_heads() == form.num_heads) return heads;
  return heads.unsqueeze(2).expand({-1, -1, form.num_heads / form.kv_heads(), -1, -1}).flatten(1, 2);
}

torch::Tensor offsets(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE) {  // j - i, [T, S]
  return places_from_end(kv_BSE).unsqueeze(0) - places_from_end(q_BTD).unsqueeze(1);
}

struct ExplicitWeights {
  torch::Tensor weights_BHTS;
  torch::Tensor by_distance, row;  // with relative positions: q a^K for every distance, [B, H, T, R]; the distance's row, [B, H, T, S]
};

ExplicitWeights explicit_weights(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS,
                                 const AttentionForm& form, bool causal) {
  const auto q = split_heads(q_BTD, form.num_heads), k = for_query_heads(kv_BSE.chunk(2, -1)[0], form);
  const auto offset_TS = offsets(q_BTD, kv_BSE);
  ExplicitWeights result;
  auto scores = q.matmul(k.transpose(-1, -2));
  if (form.relative_key_RK.defined()) {
    const int64_t farthest = form.relative_key_RK.size(0) / 2;
    result.by_distance = q.matmul(form.relative_key_RK.t());
    result.row = (offset_TS.clamp(-farthest, farthest) + farthest).expand_as(scores);
    scores = scores + result.by_distance.gather(-1, result.row);
  }
  scores = scores / std::sqrt(static_cast<double>(q_BTD.size(-1) / form.num_heads));
  const auto bias = score_bias(offset_TS, keep_BS, form, causal, q_BTD);
  result.weights_BHTS = (bias.defined() ? scores + bias : scores).softmax(-1);
  return result;
}

}  // namespace

torch::Tensor attention_by_head(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS,
                                const AttentionForm& form, bool causal) {
  return explicit_weights(q_BTD, kv_BSE, keep_BS, form, causal).weights_BHTS;
}

AttentionResult padded_attention(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS,
                                 const AttentionForm& form, bool causal, double dropout, bool want_weights) {
  const auto kv = kv_BSE.chunk(2, -1);
  const auto v = for_query_heads(kv[1], form);
  const bool relative = form.relative_key_RK.defined(), fused = !want_weights && !relative;
  const auto merged = [](const torch::Tensor& out) { return out.transpose(1, 2).flatten(2); };
  if (fused) {
    const auto q = split_heads(q_BTD, form.num_heads), k = for_query_heads(kv[0], form);
    // Masks that the fused kernel has an argument for.
    if (form.window == 0 && !form.slope_H.defined() && !(causal && keep_BS.defined())) {
      const auto mask = keep_BS.defined() ? std::optional(keep_BS.unsqueeze(1).unsqueeze(1)) : std::nullopt;
      return {merged(at::scaled_dot_product_attention(q, k, v, mask, dropout, causal)), {}};
    }
    const auto bias = score_bias(offsets(q_BTD, kv_BSE), keep_BS, form, causal, q_BTD);
    return {merged(at::scaled_dot_product_attention(q, k, v, bias, dropout, false)), {}};
  }
  const auto [weights, by_distance, row] = explicit_weights(q_BTD, kv_BSE, keep_BS, form, causal);
  const auto kept = at::dropout(weights, dropout, dropout > 0);
  auto out = kept.matmul(v);
  if (relative) out = out + at::zeros_like(by_distance).scatter_add(-1, row, kept).matmul(form.relative_value_RK);
  return {merged(out), want_weights ? weights.mean(1) : torch::Tensor()};
}

}  // namespace attnzoo
