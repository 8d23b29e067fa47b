#include "models/attention/score_attention.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/config_checks.h"
#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

torch::Tensor small_uniform(int64_t size, int64_t fan_in) {
  const double bound = std::sqrt(3.0 / static_cast<double>(fan_in));
  return uniform_parameter({size}, bound);
}

}  // namespace

void ScoreAttentionConfig::read(FieldReader& reader) {
  reader.read_choice("attention", score, {"additive", "dot", "general", "bilinear", "scaled_dot"});
  reader.read("attention_dim", dim);
  reader.read("attention_heads", heads);
  reader.read_choice("attention_normalization", normalization, normalization_names());
  reader.read_choice("locality", locality, {"global", "local-m", "local-p"});
  reader.read("window", window);
  reader.read("coverage", coverage);
  for (const auto& [key, value] : {std::pair{"attention_dim", dim}, {"attention_heads", heads}, {"window", window}})
    check_at_least_one(reader, key, value);
  const bool projects = score == "additive" || score == "scaled_dot";
  if (projects && heads > 0 && dim % heads != 0)
    reader.problem("attention_dim", fmt::format("must be a multiple of attention_heads ({}), got {}", heads, dim));
}

void ScoreAttentionConfig::write(nlohmann::json& fields) const {
  fields.update({{"attention", score},
                 {"attention_dim", dim},
                 {"attention_heads", heads},
                 {"attention_normalization", normalization},
                 {"locality", locality},
                 {"window", window},
                 {"coverage", coverage}});
}

ScoreAttention::ScoreAttention(const ScoreAttentionConfig& config, int64_t query_dim, int64_t memory_dim)
    : config_(config), normalization_(normalization_of(config.normalization)) {
  const bool additive = config.score == "additive", scaled = config.score == "scaled_dot", dot = config.score == "dot";
  if (memory_dim % config.heads != 0)
    fail<ConfigError>("model.attention_heads: must divide the width of the memory ({}), got {}", memory_dim, config.heads);
  if (dot && query_dim != memory_dim)
    fail<ConfigError>("model.attention: the dot score compares decoder ({}) and memory ({}) as they are; make them equal or take 'general'",
                      query_dim, memory_dim);
  if (!dot) {
    const int64_t width = additive || scaled ? config.dim : memory_dim;
    query_ = add_linear(*this, "query", query_dim, width, /*with_bias=*/config.score == "bilinear" || scaled);
  }
  if (additive || scaled) key_ = add_linear(*this, "key", memory_dim, config.dim);
  if (additive) score_vector_A_ = register_parameter("vector", small_uniform(config.dim, config.dim / config.heads));
  if (scaled) scale_ = 1.0 / std::sqrt(static_cast<double>(config.dim / config.heads));
  if (config.coverage)
    coverage_weight_ = register_parameter("coverage_weight", torch::zeros({additive ? config.dim : config.heads}, parameter_options()));
  if (config.locality == "local-p") {
    position_hidden_ = add_linear(*this, "position_hidden", query_dim, query_dim, /*with_bias=*/false);
    position_out_ = add_linear(*this, "position_out", query_dim, 1, /*with_bias=*/false);
  }
}

bool ScoreAttention::is_plain() const {
  return (config_.score == "additive" || config_.score == "general") && config_.heads == 1 && config_.normalization == "softmax" &&
         config_.locality == "global" && !config_.coverage;
}

// [N, Q, ..] and [N, S, ..] -> [N, H, Q, S]
torch::Tensor ScoreAttention::scores(const Inputs& inputs) const {
  const auto query_NQA = project_query(inputs.query_NQH);
  const auto by_head = [&](const torch::Tensor& x) { return x.unflatten(-1, {config_.heads, -1}); };
  const auto coverage_NQS1 = config_.coverage ? inputs.coverage_NQS.unsqueeze(-1) : torch::Tensor();
  if (score_vector_A_.defined()) {
    auto hidden_NQSA = query_NQA.unsqueeze(2) + inputs.keys_NSA.unsqueeze(1);
    if (config_.coverage) hidden_NQSA = hidden_NQSA + coverage_NQS1 * coverage_weight_;
    return by_head(hidden_NQSA.tanh() * score_vector_A_).sum(-1).permute({0, 3, 1, 2});
  }
  auto scores_NHQS = by_head(query_NQA).transpose(1, 2).matmul(by_head(inputs.keys_NSA).permute({0, 2, 3, 1})) * scale_;
  if (config_.coverage) scores_NHQS = scores_NHQS + (coverage_NQS1 * coverage_weight_).permute({0, 3, 1, 2});
  return scores_NHQS;
}

std::pair<torch::Tensor, torch::Tensor> ScoreAttention::neighbourhood(const Inputs& inputs) const {
  const auto place_N1S = (at::ones_like(inputs.keys_NSA.select(2, 0), torch::kLong).cumsum(1) - 1).unsqueeze(1);
  const auto last_N1 = (inputs.length_N - 1).unsqueeze(1);
  if (config_.locality == "local-m") {
    // Past the end of the source, the window stays at the last position: there is always a key to read.
    const auto centre_NQ1 = at::minimum(inputs.position_NQ, last_N1).unsqueeze(2);
    return {(place_N1S - centre_NQ1).abs() <= config_.window, {}};
  }
  const auto half_width = static_cast<double>(config_.window);
  const auto predicted_NQ1 = position_out_->forward(position_hidden_->forward(inputs.query_NQH).tanh()).sigmoid();
  const auto distance_NQS = place_N1S - predicted_NQ1 * last_N1.unsqueeze(2);
  return {distance_NQS.abs() <= half_width, -(distance_NQS * distance_NQS) / (half_width * half_width / 2)};
}

ScoreAttention::Attended ScoreAttention::attend(const Inputs& inputs) const {
  auto readable_NQS = inputs.keep_NQS;
  auto scores_NHQS = scores(inputs);
  if (config_.locality != "global") {
    const auto [around_NQS, bias_NQS] = neighbourhood(inputs);
    readable_NQS = readable_NQS.logical_and(around_NQS);
    if (bias_NQS.defined()) scores_NHQS = scores_NHQS + bias_NQS.unsqueeze(1);
  }
  const auto weights_NHQS =
      normalize_scores(scores_NHQS.masked_fill(readable_NQS.logical_not().unsqueeze(1), kMaskedScore), normalization_);
  const auto values_NHSK = inputs.memory_NSC.unflatten(-1, {config_.heads, -1}).transpose(1, 2);
  return {weights_NHQS.matmul(values_NHSK).transpose(1, 2).flatten(2), weights_NHQS.mean(1), weights_NHQS};
}

ScoreAttention::Attended ScoreAttention::attend_row_by_row(const Inputs& inputs) const {
  const int64_t num_queries = inputs.query_NQH.size(1);
  Attended attended{torch::empty({inputs.query_NQH.size(0), num_queries, inputs.memory_NSC.size(2)}, inputs.query_NQH.options()),
                    torch::zeros({inputs.query_NQH.size(0), num_queries, inputs.keys_NSA.size(1)}, inputs.query_NQH.options()),
                    {}};
  if (config_.heads > 1)
    attended.heads_NHQS =
        torch::zeros({inputs.query_NQH.size(0), config_.heads, num_queries, inputs.keys_NSA.size(1)}, inputs.query_NQH.options());
  const auto* length = inputs.length_N.const_data_ptr<int64_t>();
  for (int64_t n = 0; n < attended.context_NQC.size(0); ++n) {
    const auto row = [&](const torch::Tensor& x) { return x.defined() ? x.narrow(0, n, 1) : x; };
    const auto real = [&](const torch::Tensor& x, int64_t dim) { return x.defined() ? row(x).narrow(dim, 0, length[n]) : x; };
    const auto one = attend({row(inputs.query_NQH), real(inputs.keys_NSA, 1), real(inputs.memory_NSC, 1), real(inputs.keep_NQS, 2),
                             row(inputs.length_N), row(inputs.position_NQ), real(inputs.coverage_NQS, 2)});
    row(attended.context_NQC).copy_(one.context_NQC);
    real(attended.weights_NQS, 2).copy_(one.weights_NQS);
    if (config_.heads > 1) real(attended.heads_NHQS, 3).copy_(one.heads_NHQS);
  }
  if (config_.heads == 1) attended.heads_NHQS = attended.weights_NQS.unsqueeze(1);
  return attended;
}

}  // namespace attnzoo
