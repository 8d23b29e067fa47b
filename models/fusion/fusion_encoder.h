// An encoder of fusion layers, from the first token to the last; the memory is the top layer's y.
#pragma once

#include <memory>
#include <vector>

#include "models/encoder.h"
#include "models/fusion/fusion_config.h"
#include "models/fusion/fusion_layer.h"

namespace attnzoo {

class FusionEncoder : public Encoder {
 public:
  explicit FusionEncoder(const FusionConfig& config);
  EncoderShape shape() const override { return {config_.dim, config_.dim}; }
  torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const override { return run(embedded, rows, nullptr); }
  // The causal form, whose attention is inside the scan, has none to show.
  torch::Tensor forward_with_heads(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>& self_BHSS) const override {
    return run(embedded, rows, &self_BHSS);
  }

 private:
  torch::Tensor run(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>* self_BHSS) const;

  FusionConfig config_;
  std::shared_ptr<Linear> input_;  // embeddings to the layers' width; null if it is the same
  std::vector<std::shared_ptr<FusionLayer>> layers_;
};

}  // namespace attnzoo
