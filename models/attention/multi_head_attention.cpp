#include "models/attention/multi_head_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "models/kernels/attention.h"
#include "models/kernels/decoding_attention.h"
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

kernels::DecodingQueries queries_of(const torch::Tensor& q_ND, const torch::Tensor& out_ND, int64_t num_heads) {
  return {q_ND.const_data_ptr<float>(), q_ND.stride(0), out_ND.data_ptr<float>(), q_ND.size(0), num_heads, q_ND.size(1) / num_heads};
}

// q and kv are one tensor for self-attention (columns q, k, v), two for cross attention (q; k, v).
struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Variable forward(AutogradContext* context, const Variable& q, const Variable& kv, const std::vector<int64_t>& q_offsets,
                          const std::vector<int64_t>& k_offsets, int64_t dim, int64_t num_heads, bool causal, double dropout) {
    const int64_t key_column = kv.size(1) - 2 * dim;
    auto segments = segments_of(q_offsets, k_offsets);
    const int64_t num_weights = kernels::place_weights(segments, num_heads);
    const kernels::AttentionShape shape{num_heads, dim / num_heads, 1.0f / std::sqrt(static_cast<float>(dim / num_heads)), causal};
    auto out = torch::empty({q.size(0), dim}, q.options());
    const auto weights = torch::empty({num_weights}, q.options());
    torch::Tensor kept;
    if (dropout > 0) kept = dropout_mask({num_weights}, dropout);
    kernels::attention_forward(segments, shape, operand(q, 0), operand(kv, key_column), operand(kv, key_column + dim),
                               mutable_operand(out, 0), weights.data_ptr<float>(), kept.defined() ? kept.data_ptr<float>() : nullptr);
    context->save_for_backward({q, kv, weights, kept});
    context->saved_data["q_offsets"] = q_offsets;
    context->saved_data["k_offsets"] = k_offsets;
    context->saved_data["dim"] = dim;
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["causal"] = causal;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &kv = saved[1], &weights = saved[2], &kept = saved[3];
    const int64_t dim = context->saved_data["dim"].toInt(), num_heads = context->saved_data["num_heads"].toInt();
    const int64_t key_column = kv.size(1) - 2 * dim;
    auto segments = segments_of(context->saved_data["q_offsets"].toIntVector(), context->saved_data["k_offsets"].toIntVector());
    kernels::place_weights(segments, num_heads);
    const kernels::AttentionShape shape{num_heads, dim / num_heads, 1.0f / std::sqrt(static_cast<float>(dim / num_heads)),
                                        context->saved_data["causal"].toBool()};
    const bool self = key_column > 0;
    const auto grad_out = grads[0].contiguous();
    const auto d_kv = torch::empty_like(kv);
    const auto d_q = self ? d_kv : torch::empty_like(q);
    kernels::attention_backward(segments, shape, operand(q, 0), operand(kv, key_column), operand(kv, key_column + dim),
                                operand(grad_out, 0), weights.data_ptr<float>(), kept.defined() ? kept.data_ptr<float>() : nullptr,
                                mutable_operand(d_q, 0), mutable_operand(d_kv, key_column), mutable_operand(d_kv, key_column + dim));
    // For self-attention the one tensor came in twice; all of its gradient is returned with the second.
    return {self ? Variable() : d_q, d_kv, Variable(), Variable(), Variable(), Variable(), Variable(), Variable()};
  }
};

}  // namespace

torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& kv, const Packing& q_packing, const Packing& kv_packing,
                               int64_t num_heads, bool causal, double dropout) {
  const bool self = q.is_same(kv);
  const int64_t dim = self ? kv.size(1) / 3 : kv.size(1) / 2;
  return PackedAttention::apply(q, kv, q_packing.offsets, kv_packing.offsets, dim, num_heads, causal, dropout);
}

AttentionResult padded_attention(const torch::Tensor& q_BTD, const torch::Tensor& kv_BSE, const torch::Tensor& keep_BS, int64_t num_heads,
                                 bool causal, double dropout, bool want_weights) {
  const auto heads = [&](const torch::Tensor& x) { return x.unflatten(-1, {num_heads, -1}).transpose(1, 2); };  // [B, H, .., K]
  const auto kv = kv_BSE.chunk(2, -1);
  const auto q = heads(q_BTD), k = heads(kv[0]), v = heads(kv[1]);
  torch::Tensor mask;
  if (keep_BS.defined()) mask = keep_BS.unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S]
  if (!want_weights && !(causal && mask.defined()))
    return {at::scaled_dot_product_attention(q, k, v, mask.defined() ? std::optional(mask) : std::nullopt, dropout, causal)
                .transpose(1, 2)
                .flatten(2),
            {}};
  auto scores = q.matmul(k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q_BTD.size(-1) / num_heads));
  if (mask.defined()) scores = scores.masked_fill(mask.logical_not(), -1e9);
  if (causal) scores = scores.masked_fill(at::ones_like(scores).triu(1).to(torch::kBool), -1e9);
  const auto weights = scores.softmax(-1);
  const auto out = at::dropout(weights, dropout, dropout > 0).matmul(v).transpose(1, 2).flatten(2);
  return {out, want_weights ? weights.mean(1) : torch::Tensor()};
}

torch::Tensor attend_sequences(const torch::Tensor& q, const Rows& q_rows, const torch::Tensor& kv, const Rows& kv_rows, int64_t num_heads,
                               double dropout, torch::Tensor* weights_BTS) {
  if (q_rows.packing && weights_BTS == nullptr)
    return packed_attention(q, kv, *q_rows.packing, *kv_rows.packing, num_heads, false, dropout);
  const auto padded = [](const torch::Tensor& x, const Rows& rows) { return rows.packing ? rows.packing->unpack(x) : x; };
  const auto result = padded_attention(padded(q, q_rows), padded(kv, kv_rows), kv_rows.keep(), num_heads, false, dropout, weights_BTS != nullptr);
  if (weights_BTS != nullptr) *weights_BTS = result.weights;
  return q_rows.packing ? q_rows.packing->pack(result.out) : result.out;
}

AttentionResult memory_attention(const torch::Tensor& q_ND, const torch::Tensor& kv_BSE, const torch::Tensor& sentence_N,
                                 const torch::Tensor& length_B, int64_t num_heads, bool want_weights) {
  if (!kernels::use_inference_kernels(q_ND)) {
    const auto kv = kv_BSE.index_select(0, sentence_N);
    const auto keep = at::ones_like(kv.select(2, 0), torch::kLong).cumsum(1) <= length_B.index_select(0, sentence_N).unsqueeze(1);
    auto result = padded_attention(q_ND.unsqueeze(1), kv, keep, num_heads, false, 0, want_weights);
    return {result.out.squeeze(1), want_weights ? result.weights.squeeze(1) : torch::Tensor()};
  }
  const int64_t num_rows = q_ND.size(0), num_keys = kv_BSE.size(1), dim = kv_BSE.size(2) / 2;
  const auto kv = kv_BSE.contiguous();
  const auto *sentence = sentence_N.const_data_ptr<int64_t>(), *length = length_B.const_data_ptr<int64_t>();
  std::vector<kernels::KeyRun> runs(static_cast<size_t>(num_rows));
  for (int64_t n = 0; n < num_rows; ++n) runs[static_cast<size_t>(n)] = {sentence[n] * num_keys, length[sentence[n]]};
  AttentionResult result{torch::empty({num_rows, dim}, q_ND.options()), {}};
  if (want_weights) result.weights = torch::empty({num_rows, num_keys}, q_ND.options());
  kernels::attend_runs(queries_of(q_ND, result.out, num_heads), kv.const_data_ptr<float>(), 2 * dim, 0, dim, runs.data(),
                       want_weights ? result.weights.data_ptr<float>() : nullptr, num_keys);
  return result;
}

torch::Tensor past_attention(const torch::Tensor& q_ND, const std::vector<torch::Tensor>& per_step, size_t layer, size_t num_layers,
                             const torch::Tensor& origin_NT, int64_t num_heads) {
  std::vector<const float*> steps;
  for (size_t i = layer; i < per_step.size(); i += num_layers) steps.push_back(per_step[i].const_data_ptr<float>());
  const auto out = torch::empty(q_ND.sizes(), q_ND.options());
  const int64_t dim = q_ND.size(1);
  kernels::attend_steps(queries_of(q_ND, out, num_heads), steps.data(), 2 * dim, 0, dim, origin_NT.const_data_ptr<int32_t>(),
                        origin_NT.size(1));
  return out;
}

}  // namespace attnzoo
