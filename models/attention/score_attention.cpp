#include "models/attention/score_attention.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/config_checks.h"

namespace attnzoo {
namespace {

constexpr double kMasked = -1e9;

torch::Tensor small_uniform(int64_t size, int64_t fan_in) {
  const double bound = std::sqrt(3.0 / static_cast<double>(fan_in));
  return torch::empty({size}).uniform_(-bound, bound);
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
  if (config.coverage) coverage_weight_ = register_parameter("coverage_weight", torch::zeros({additive ? config.dim : config.heads}));
  if (config.locality == "local-p") {
    position_hidden_ = add_linear(*this, "position_hidden", query_dim, query_dim, /*with_bias=*/false);
    position_out_ = add_linear(*this, "position_out", query_dim, 1, /*with_bias=*/false);
  }
}

bool ScoreAttention::is_plain() const {
  return (config_.score == "additive" || config_.score == "general") && config_.heads == 1 && config_.normalization == "softmax" &&
         config_.locality == "global" && !config_.coverage;
}

torch::Tensor ScoreAttention::scores(const Inputs& inputs) const {
  const int64_t heads = config_.heads;
  const auto query_N1A = project_query(inputs.query_NH).unsqueeze(1);
  torch::Tensor scores_NSH;
  if (score_vector_A_.defined()) {
    auto hidden_NSA = query_N1A + inputs.keys_NSA;
    if (config_.coverage) hidden_NSA = hidden_NSA + inputs.coverage_NS.unsqueeze(-1) * coverage_weight_;
    scores_NSH = (hidden_NSA.tanh() * score_vector_A_).unflatten(-1, {heads, -1}).sum(-1);
  } else {
    scores_NSH = (query_N1A * inputs.keys_NSA).unflatten(-1, {heads, -1}).sum(-1) * scale_;
    if (config_.coverage) scores_NSH = scores_NSH + inputs.coverage_NS.unsqueeze(-1) * coverage_weight_;
  }
  return scores_NSH.transpose(1, 2);
}

std::pair<torch::Tensor, torch::Tensor> ScoreAttention::neighbourhood(const Inputs& inputs) const {
  const auto place_NS = at::ones_like(inputs.keep_NS, torch::kLong).cumsum(1) - 1;
  const auto half_width = static_cast<double>(config_.window);
  if (config_.locality == "local-m") {
    // Past the source's end the window stays at its last position: there is always a key to read.
    const auto centre_N1 = at::minimum(inputs.position_N, inputs.length_N - 1).unsqueeze(1);
    return {(place_NS - centre_N1).abs() <= config_.window, {}};
  }
  const auto predicted_N1 = position_out_->forward(position_hidden_->forward(inputs.query_NH).tanh()).sigmoid();
  const auto centre_N1 = predicted_N1 * (inputs.length_N - 1).unsqueeze(1);
  const auto distance_NS = place_NS - centre_N1;
  return {distance_NS.abs() <= half_width, -(distance_NS * distance_NS) / (half_width * half_width / 2)};
}

ScoreAttention::Attended ScoreAttention::attend(const Inputs& inputs) const {
  auto readable_NS = inputs.keep_NS;
  auto scores_NHS = scores(inputs);
  if (config_.locality != "global") {
    const auto [around_NS, bias_NS] = neighbourhood(inputs);
    readable_NS = readable_NS.logical_and(around_NS);
    if (bias_NS.defined()) scores_NHS = scores_NHS + bias_NS.unsqueeze(1);
  }
  const auto weights_NHS = normalize_scores(scores_NHS.masked_fill(readable_NS.logical_not().unsqueeze(1), kMasked), normalization_);
  const auto values_NHSK = inputs.memory_NSC.unflatten(-1, {config_.heads, -1}).transpose(1, 2);
  const auto context_NC = weights_NHS.unsqueeze(2).matmul(values_NHSK).squeeze(2).flatten(1);
  return {context_NC, weights_NHS.mean(1)};
}

ScoreAttention::Attended ScoreAttention::attend_row_by_row(const Inputs& inputs) const {
  Attended attended{torch::empty({inputs.query_NH.size(0), inputs.memory_NSC.size(2)}, inputs.query_NH.options()),
                    torch::zeros({inputs.query_NH.size(0), inputs.keep_NS.size(1)}, inputs.query_NH.options())};
  const auto* length = inputs.length_N.const_data_ptr<int64_t>();
  for (int64_t n = 0; n < attended.context_NC.size(0); ++n) {
    const auto row = [&](const torch::Tensor& x) { return x.defined() ? x.narrow(0, n, 1) : x; };
    const auto real = [&](const torch::Tensor& x) { return x.defined() ? row(x).narrow(1, 0, length[n]) : x; };
    const auto one = attend({row(inputs.query_NH), real(inputs.keys_NSA), real(inputs.memory_NSC), real(inputs.keep_NS),
                             row(inputs.length_N), row(inputs.position_N), real(inputs.coverage_NS)});
    row(attended.context_NC).copy_(one.context_NC);
    real(attended.weights_NS).copy_(one.weights_NS);
  }
  return attended;
}

}  // namespace attnzoo
