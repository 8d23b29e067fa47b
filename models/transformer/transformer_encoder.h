// A stack of self-attention layers over the source (Vaswani et al. 2017, 3.1).
#pragma once

#include <memory>
#include <vector>

#include "models/encoder.h"
#include "models/transformer/transformer_layers.h"

namespace attnzoo {

class TransformerEncoder : public Encoder {
 public:
  explicit TransformerEncoder(const TransformerEncoderConfig& config);
  EncoderShape shape() const override { return {model_dim_, model_dim_}; }
  torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const override { return run(embedded, rows, nullptr); }
  torch::Tensor forward_with_heads(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>& self_BHSS) const override {
    return run(embedded, rows, &self_BHSS);
  }

 private:
  torch::Tensor run(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>* self_BHSS) const;

  int64_t model_dim_;
  double layer_drop_;
  std::shared_ptr<TransformerInput> input_;
  std::vector<std::shared_ptr<EncoderLayer>> layers_;
  std::shared_ptr<Norm> norm_;  // null if the stack does not end with one
};

}  // namespace attnzoo
