// Makes a classifier from an encoder: pools a sentence's memory into one vector, from which the output layer predicts the label. As a
// decoder, it outputs the label in its first step and reads no target.
//
//   self-attention   e_ij = softmax_j s(h_i, h_j),  a_i = sum_j e_ij h_j,  pooled = mean_i a_i     Lin et al. 2017, with scores between
//                    positions; s: attention/score_attention.h
//   last             h at the sentence's last token, </s>
//   mean, max        over the sentence's positions
//   state = drop(tanh(W pooled + b))
//
// The attention it shows is each position's share: mean_i e_ij; 1 at the last; 1 / S; or its share of the maxima.
//
// State::per_row is empty. Memory::initial = {state [B, D], weights [B, S]}.
#pragma once

#include <memory>
#include <vector>

#include "models/attention/score_attention.h"
#include "models/decoder.h"
#include "models/embeddings.h"
#include "models/layers/linear.h"

namespace attnzoo {

struct PoolingConfig {
  // "self-attention", "last", "mean" or "max".
  std::string pooling = "self-attention";
  // For self-attention (attention/score_attention.h); coverage must be off.
  ScoreAttentionConfig attention{.score = "general"};
  // Width of the state (D), the output layer's input.
  int64_t dim = 256;
  // Dropped fraction of the state, in [0, 1).
  double dropout = 0.2;

  EmbeddingShape embedding() const { return {}; }
  int64_t output_dim() const { return dim; }
  static PoolingConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;                                // from_json(to_json()) is the identity
};

class PoolingDecoder : public Decoder {
 public:
  PoolingDecoder(const PoolingConfig& config, const EncoderShape& encoder);
  bool reads_target() const override { return false; }
  std::vector<torch::Tensor> project_memory(const torch::Tensor&) const override { return {}; }
  std::vector<torch::Tensor> initial_states(const EncodedSource& source) const override;
  State start(const Memory& memory) const override;
  DecoderStep step(const Memory& memory, const State& state, const torch::Tensor& embedded_NI, AttentionRequest request) const override;
  DecoderStates forward(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source, bool want_attention) const override;

 private:
  struct Pooled {
    torch::Tensor vector_BC, weights_BS;
  };
  Pooled pool(const torch::Tensor& memory_BSC, const torch::Tensor& keep_BS) const;
  // Frozen: each sentence alone, so that its bits do not depend on the batch or the padding.
  Pooled pool_one_by_one(const torch::Tensor& memory, const Packing& packing) const;

  PoolingConfig config_;
  std::shared_ptr<ScoreAttention> attention_;  // null unless pooling is self-attention
  std::shared_ptr<Linear> readout_;
};

}  // namespace attnzoo
