#include "models/attention/multi_head_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "models/kernels/attention.h"
#include "models/kernels/decoding_attention.h"
#include "models/kernels/new_floats.h"
#include "models/layers/dropout.h"

namespace attnzoo {
namespace {

using kernels::AttentionOperand;
using kernels::AttentionSegment;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

AttentionOperand<const float> operand(const torch::Tensor& rows, int64_t column) {
  return {rows.const_data_ptr<float>() + column, rows.stride(0)};
}
AttentionOperand<float> mutable_operand(const torch::Tensor& rows, int64_t column) {
  return {rows.data_ptr<float>() + column, rows.stride(0)};
}

std::vector<AttentionSegment> segments_of(const std::vector<int64_t>& q_offsets, const std::vector<int64_t>& k_offsets) {
  std::vector<AttentionSegment> segments(q_offsets.size() - 1);
  for (size_t b = 0; b < segments.size(); ++b)
    segments[b] = {q_offsets[b], q_offsets[b + 1] - q_offsets[b], k_offsets[b], k_offsets[b + 1] - k_offsets[b], 0};
  return segments;
}

// The queries are the first columns of q, as many as the result has.
kernels::DecodingQueries queries_of(const torch::Tensor& q, const torch::Tensor& out_ND, const AttentionForm& form) {
  return {q.const_data_ptr<float>(),      q.stride(0), out_ND.data_ptr<float>(), q.size(0), form.num_heads, form.kv_heads(),
          out_ND.size(1) / form.num_heads};
}

const float* slopes_of(const AttentionForm& form) { return form.slope_H.defined() ? form.slope_H.const_data_ptr<float>() : nullptr; }

// q and kv are one tensor in self-attention (columns q, k, v), two in cross attention (q; k, v).
struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Variable forward(AutogradContext* context, const Variable& q, const Variable& kv, const std::vector<int64_t>& q_offsets,
                          const std::vector<int64_t>& k_offsets, int64_t head_dim, const AttentionForm& form, bool causal, double dropout) {
    const int64_t dim = form.num_heads * head_dim, kv_dim = form.kv_heads() * head_dim, key_column = kv.size(1) - 2 * kv_dim;
    auto segments = segments_of(q_offsets, k_offsets);
    const int64_t num_weights = kernels::place_weights(segments, form.num_heads);
    const kernels::AttentionShape shape{form.num_heads, form.kv_heads(), head_dim,       1.0f / std::sqrt(static_cast<float>(head_dim)),
                                        causal,         form.window,     slopes_of(form)};
    auto out = torch::empty({q.size(0), dim}, q.options());
    const auto weights = torch::empty({num_weights}, q.options());
    torch::Tensor kept;
    if (dropout > 0) kept = dropout_mask({num_weights}, dropout);
    kernels::attention_forward(segments, shape, operand(q, 0), operand(kv, key_column), operand(kv, key_column + kv_dim),
                               mutable_operand(out, 0), weights.data_ptr<float>(), kept.defined() ? kept.data_ptr<float>() : nullptr);
    context->save_for_backward({q, kv, weights, kept});
    context->saved_data["q_offsets"] = q_offsets;
    context->saved_data["k_offsets"] = k_offsets;
    context->saved_data["head_dim"] = head_dim;
    context->saved_data["num_heads"] = form.num_heads;
    context->saved_data["num_kv_heads"] = form.kv_heads();
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &kv = saved[1], &weights = saved[2], &kept = saved[3];
    const int64_t head_dim = context->saved_data["head_dim"].toInt(), num_heads = context->saved_data["num_heads"].toInt(),
                  num_kv_heads = context->saved_data["num_kv_heads"].toInt();
    const int64_t kv_dim = num_kv_heads * head_dim, key_column = kv.size(1) - 2 * kv_dim;
    auto segments = segments_of(context->saved_data["q_offsets"].toIntVector(), context->saved_data["k_offsets"].toIntVector());
    kernels::place_weights(segments, num_heads);
    // Masked keys have weight 0, so no gradient, and slopes are constants: the weights suffice.
    const kernels::AttentionShape shape{num_heads, num_kv_heads, head_dim, 1.0f / std::sqrt(static_cast<float>(head_dim))};
    const bool self = key_column > 0;
    const auto grad_out = grads[0].contiguous();
    const auto d_kv = torch::empty_like(kv);
    const auto d_q = self ? d_kv : torch::empty_like(q);
    kernels::attention_backward(segments, shape, operand(q, 0), operand(kv, key_column), operand(kv, key_column + kv_dim),
                                operand(grad_out, 0), weights.data_ptr<float>(), kept.defined() ? kept.data_ptr<float>() : nullptr,
                                mutable_operand(d_q, 0), mutable_operand(d_kv, key_column), mutable_operand(d_kv, key_column + kv_dim));
    // In self-attention, q and kv are the same tensor; its whole gradient is returned with kv.
    return {self ? Variable() : d_q, d_kv, Variable(), Variable(), Variable(), Variable(), Variable(), Variable()};
  }
};

// One padded pass; frozen: each sentence alone, in its own memory, because ATen's products give a row other bits among other
// rows or at another alignment.
torch::Tensor relative_self_attention(const torch::Tensor& qkv, const Packing& packing, const AttentionForm& form, bool causal,
                                      double dropout, bool frozen) {
  const int64_t dim = form.relative_key_RK.size(1) * form.num_heads;
  const auto attend = [&](const torch::Tensor& qkv_BSE, const torch::Tensor& keep_BS) {
    const auto parts = qkv_BSE.split({dim, qkv.size(1) - dim}, -1);
    return padded_attention(parts[0], parts[1], keep_BS, form, causal, dropout, false).out;
  };
  if (!frozen) return packing.pack(attend(packing.unpack(qkv), packing.unpack(at::ones({qkv.size(0)}, torch::kBool))));
  const auto out = torch::empty({qkv.size(0), dim}, qkv.options());
  for (int64_t b = 0; b < packing.num_sentences; ++b) {
    const int64_t begin = packing.offsets[static_cast<size_t>(b)], length = packing.length(b);
    if (length > 0) out.narrow(0, begin, length).copy_(attend(qkv.narrow(0, begin, length).clone().unsqueeze(0), {})[0]);
  }
  return out;
}

// The keys and values that each row reads, [N, S, E], and which of them are real, [N, S].
std::pair<torch::Tensor, torch::Tensor> memory_of_rows(const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                                       const torch::Tensor& length_B) {
  const auto kv = kv_BSE.index_select(0, sentence_N);
  return {kv, at::ones_like(kv.select(2, 0), torch::kLong).cumsum(1) <= length_B.index_select(0, sentence_N).unsqueeze(1)};
}

}  // namespace

torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& kv, const Packing& q_packing, const Packing& kv_packing,
                               const AttentionForm& form, bool causal, double dropout, bool frozen) {
  if (form.relative_key_RK.defined()) return relative_self_attention(q, q_packing, form, causal, dropout, frozen);
  const bool self = q.is_same(kv);
  const int64_t head_dim = kv.size(1) / (2 * form.kv_heads() + (self ? form.num_heads : 0));
  return PackedAttention::apply(q, kv, q_packing.offsets, kv_packing.offsets, head_dim, form, causal, dropout);
}

torch::Tensor attend_sequences(const torch::Tensor& q, const Rows& q_rows, const torch::Tensor& kv, const Rows& kv_rows,
                               const AttentionForm& form, double dropout, torch::Tensor* weights_BTS) {
  if (q_rows.packing && weights_BTS == nullptr) return packed_attention(q, kv, *q_rows.packing, *kv_rows.packing, form, false, dropout);
  const auto result =
      padded_attention(q_rows.to_padded(q), kv_rows.to_padded(kv), kv_rows.keep(), form, false, dropout, weights_BTS != nullptr);
  if (weights_BTS != nullptr) *weights_BTS = result.weights;
  return q_rows.from_padded(result.out);
}

AttentionResult memory_attention(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                 const torch::Tensor& length_B, const AttentionForm& form, bool want_weights, bool frozen) {
  if (!frozen) {
    const auto [kv, keep] = memory_of_rows(kv_BSE, sentence_N, length_B);
    auto result = padded_attention(q_ND.unsqueeze(1), kv, keep, form, false, 0, want_weights);
    return {result.out.squeeze(1), want_weights ? result.weights.squeeze(1) : torch::Tensor()};
  }
  const int64_t num_rows = q_ND.size(0), num_keys = kv_BSE.size(1), kv_dim = kv_BSE.size(2) / 2;
  const auto kv = kv_BSE.contiguous();
  const auto *sentence = sentence_N.const_data_ptr<int64_t>(), *length = length_B.const_data_ptr<int64_t>();
  std::vector<kernels::KeyRun> runs(static_cast<size_t>(num_rows));
  for (int64_t n = 0; n < num_rows; ++n) runs[static_cast<size_t>(n)] = {sentence[n] * num_keys, length[sentence[n]]};
  AttentionResult result{kernels::new_floats({num_rows, q_ND.size(1)}), {}};
  if (want_weights) result.weights = kernels::new_floats({num_rows, num_keys});
  kernels::attend_runs(queries_of(q_ND, result.out, form), kv.const_data_ptr<float>(), 2 * kv_dim, 0, kv_dim, runs.data(),
                       want_weights ? result.weights.data_ptr<float>() : nullptr, num_keys);
  return result;
}

torch::Tensor past_attention(const torch::Tensor& qkv_NE, int64_t dim, const std::vector<torch::Tensor>& per_step, size_t layer,
                             size_t num_layers, const torch::Tensor& origin_NT, const AttentionForm& form) {
  std::vector<const float*> steps;
  for (size_t i = layer; i < per_step.size(); i += num_layers) steps.push_back(per_step[i].const_data_ptr<float>());
  auto out = kernels::new_floats({qkv_NE.size(0), dim});
  const int64_t kv_dim = per_step[layer].size(1) / 2, num_steps = origin_NT.size(1);
  const int64_t first_step = form.window > 0 ? std::max<int64_t>(num_steps - 1 - form.window, 0) : 0;
  auto queries = queries_of(qkv_NE, out, form);
  queries.slopes = slopes_of(form);
  if (form.relative_key_RK.defined()) {
    queries.relative_keys = form.relative_key_RK.const_data_ptr<float>();
    queries.relative_values = form.relative_value_RK.const_data_ptr<float>();
    queries.farthest = form.relative_key_RK.size(0) / 2;
  }
  kernels::attend_steps(queries, steps.data(), 2 * kv_dim, 0, kv_dim, origin_NT.const_data_ptr<int32_t>(), first_step, num_steps);
  return out;
}

torch::Tensor memory_attention_by_head(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                       const torch::Tensor& length_B, const AttentionForm& form) {
  const auto [kv, keep] = memory_of_rows(kv_BSE, sentence_N, length_B);
  return attention_by_head(q_ND.unsqueeze(1), kv, keep, form, false).squeeze(2);
}

torch::Tensor past_attention_by_head(const torch::Tensor& q_ND, const std::vector<torch::Tensor>& per_step, size_t layer, size_t num_layers,
                                     const torch::Tensor& origin_NT, const AttentionForm& form) {
  std::vector<torch::Tensor> past;
  for (int64_t t = 0; t < origin_NT.size(1); ++t)
    past.push_back(per_step[layer + static_cast<size_t>(t) * num_layers].index_select(0, origin_NT.select(1, t).to(torch::kLong)));
  return attention_by_head(q_ND.unsqueeze(1), at::stack(past, 1), {}, form, false).squeeze(2);
}

}  // namespace attnzoo
