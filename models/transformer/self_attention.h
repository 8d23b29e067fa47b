// Multi-head self-attention as a sublayer: projections, relative and rotary positions, and its three implementations.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <optional>

#include "models/attention/padded_attention.h"
#include "models/layers/linear.h"
#include "models/layers/positions.h"
#include "models/layers/rows.h"
#include "models/transformer/transformer_stack_config.h"

namespace attnzoo {

class SelfAttention : public Part {
 public:
  explicit SelfAttention(const TransformerStackConfig& config);
  // Whole sentences, [.., D] -> [.., D], plus `onto` where it is defined. causal: no position reads a later one.
  // heads_BHTS: null, or receives the weights by head, without dropout.
  torch::Tensor forward(const torch::Tensor& x, const Rows& rows, bool causal, const torch::Tensor& onto = {},
                        torch::Tensor* heads_BHTS = nullptr) const;
  // One position per row. attend_past(qkv_NE, form) attends over this position and earlier ones, whose keys and values the caller keeps:
  // query, key and value are side by side.
  using AttendPast = std::function<torch::Tensor(const torch::Tensor&, const AttentionForm&)>;
  torch::Tensor step(const torch::Tensor& x_ND, const torch::Tensor& position_N, const AttendPast& attend_past,
                     const torch::Tensor& onto = {}) const;

 private:
  torch::Tensor project(const torch::Tensor& x, const torch::Tensor& position) const;  // [.., D + E]: query, key, value
  torch::Tensor rotated(const torch::Tensor& x, const torch::Tensor& position) const;

  int64_t model_dim_, kv_dim_;
  double dropout_;
  AttentionForm form_;
  std::optional<SinusoidalPositions> rotation_;
  std::shared_ptr<Linear> qkv_, out_;
};

}  // namespace attnzoo
