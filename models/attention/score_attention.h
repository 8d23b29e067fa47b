// Attention of a row's queries over the memory of its sentence, composed of parts that are chosen by name:
//
//   score          additive     v . tanh(W_q h + W_k m)                Bahdanau et al. 2015
//                  dot          h . m                                  Luong et al. 2015
//                  general      h^T W m                                Luong et al. 2015
//                  bilinear     h^T W m + b . m                        general with a bias of the query map
//                  scaled_dot   (W_q h) . (W_k m) / sqrt(K)            Vaswani et al. 2017
//   heads          the same on slices of query, key and memory; contexts are concatenated, weights averaged
//   normalization  softmax, sparsemax, entmax15                        normalization.h
//   locality       global; local-m: keys within `window` of the decoding position; local-p: within `window` of a predicted position
//                  p = (S - 1) sigmoid(v_p . tanh(W_p h)), weighted by exp(-(s - p)^2 / (2 (window / 2)^2))  Luong et al. 2015, 3.2;
//                  the factor applies before the normalisation, so that weights still sum to 1
//   coverage       c_s, the sum of key s's earlier weights, enters the score: as W_c c inside the tanh if additive (See et al. 2017,
//                  eq. 11), else as an added w_c c
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "data/json_fields.h"
#include "models/attention/normalization.h"
#include "models/layers/linear.h"

namespace attnzoo {

struct ScoreAttentionConfig {
  std::string score = "additive";
  // Width of the space in which additive and scaled_dot compare (A), for all heads together.
  int64_t dim = 256;
  int64_t heads = 1;
  std::string normalization = "softmax";
  std::string locality = "global";
  // Half width of the window of local attention, in source positions.
  int64_t window = 10;
  bool coverage = false;

  // The fields attention, attention_dim, attention_heads, attention_normalization, locality, window, coverage.
  void read(FieldReader& reader);
  void write(nlohmann::json& fields) const;
};

class ScoreAttention : public torch::nn::Module {
 public:
  // Throws ConfigError for widths that do not match the score or the heads.
  ScoreAttention(const ScoreAttentionConfig& config, int64_t query_dim, int64_t memory_dim);

  // What queries are compared with, [.., C] -> [.., A]; computed once per sentence. For dot, general and bilinear, the memory itself.
  torch::Tensor keys(const torch::Tensor& memory) const { return key_ ? key_->forward(memory) : memory; }

  // Q queries per row: 1 in a decoding step.
  struct Inputs {
    torch::Tensor query_NQH, keys_NSA, memory_NSC;
    torch::Tensor keep_NQS;      // bool, true where a query may read; Q may be 1, for all queries
    torch::Tensor length_N;      // int64: source positions per row
    torch::Tensor position_NQ;   // int64: the query's position, which is the number of earlier steps; only for local-m
    torch::Tensor coverage_NQS;  // undefined without coverage
  };
  struct Attended {
    torch::Tensor context_NQC, weights_NQS;
    torch::Tensor heads_NHQS;  // the weights by head, of which weights_NQS is the mean
  };
  Attended attend(const Inputs& inputs) const;
  // For frozen models: each row alone, over its real positions, so that its bits do not depend on the batch or the padding.
  Attended attend_row_by_row(const Inputs& inputs) const;

  // Whether the hand-written passes (recurrent/decoder_pass, kernels/score_attention) apply: one head, additive or general, softmax,
  // global, no coverage.
  bool is_plain() const;
  bool has_locality() const { return config_.locality != "global"; }
  bool has_coverage() const { return config_.coverage; }
  const torch::Tensor& query_weight() const { return query_->weight; }
  const torch::Tensor& score_vector() const { return score_vector_A_; }  // undefined unless additive
  torch::Tensor project_query(const torch::Tensor& h) const { return query_ ? query_->forward(h) : h; }

 private:
  torch::Tensor scores(const Inputs& inputs) const;
  // Where attention may look, [N, Q, S], and what local-p adds to the scores there (undefined otherwise).
  std::pair<torch::Tensor, torch::Tensor> neighbourhood(const Inputs& inputs) const;

  ScoreAttentionConfig config_;
  Normalization normalization_;
  double scale_ = 1;
  std::shared_ptr<Linear> query_, key_, position_hidden_, position_out_;
  torch::Tensor score_vector_A_, coverage_weight_;
};

}  // namespace attnzoo
