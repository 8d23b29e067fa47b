// Words without their order: each position's memory is its embedding, passed through one layer. With mean pooling this is the classifier of
// Joulin et al. 2017 (fastText) without n-grams: the baseline for anything slower.
//   m_s = tanh(W x_s + b)
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "models/embeddings.h"
#include "models/encoder.h"
#include "models/layers/linear.h"

namespace attnzoo {

struct BagEncoderConfig {
  // Width of the embeddings.
  int64_t embedding_dim = 128;
  // Width of the memory (C).
  int64_t dim = 128;
  // Dropped fraction of the embeddings, in [0, 1).
  double dropout = 0.2;

  EmbeddingShape embedding() const { return {embedding_dim, 0.1}; }
  static BagEncoderConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                   // from_json(to_json()) is the identity
};

class BagEncoder : public Encoder {
 public:
  explicit BagEncoder(const BagEncoderConfig& config);
  EncoderShape shape() const override { return {dim_, dim_}; }
  torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const override;

 private:
  int64_t dim_;
  double dropout_;
  std::shared_ptr<Linear> map_;
};

}  // namespace attnzoo
