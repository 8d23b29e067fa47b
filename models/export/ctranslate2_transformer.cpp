#include "models/export/ctranslate2_transformer.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/error.h"
#include "models/attention/padded_attention.h"
#include "models/layers/positions.h"
#include "models/transformer/transformer_stack_config.h"

namespace attnzoo {
namespace {

constexpr int64_t kTableRows = 2048;

// Its enumeration of activations; swiglu is its SWISH with a second map beside it.
const std::map<std::string, int64_t>& activation_numbers() {
  static const std::map<std::string, int64_t> kActivations = {{"relu", 0}, {"silu", 2}, {"swiglu", 2}, {"gelu", 3}};
  return kActivations;
}

// ALiBi as the bias of T5 (Raffel et al. 2020), the only one that CTranslate2's encoder adds to scores: a number a head for each bucket of
// distances. The first half of the buckets is for keys before the query, the second for those after it; of each half the first half are the
// distances themselves, the rest a geometric series up to 16 times as far. Beyond kTableRows tokens the bias is therefore rounded.
constexpr int64_t kFarthestAlibi = 16 * kTableRows;
torch::Tensor alibi_buckets(int64_t num_heads) {
  const auto exact = at::arange(kTableRows, torch::kDouble);
  const auto distance = at::cat({exact, kTableRows * at::pow(16.0, exact / static_cast<double>(kTableRows))});
  const auto bias = -distance.unsqueeze(1) * alibi_slopes(num_heads).to(torch::kDouble).unsqueeze(0);
  return at::cat({bias, bias}).to(torch::kFloat);
}

class Ctranslate2Mapping {
 public:
  Ctranslate2Mapping(const EncoderDecoderConfig& config, const NamedTensors& weights)
      : weights_(weights),
        encoder_(config.encoder == "none" ? std::nullopt : std::optional(TransformerEncoderConfig::from_json(config.encoder_fields))),
        decoder_(TransformerDecoderConfig::from_json(config.decoder_fields)) {}

  Ctranslate2Variables take() {
    tables();
    if (encoder_) stack("encoder", *encoder_);
    stack("decoder", decoder_);
    made_.set_int8("decoder/start_from_zero_embedding", 0);
    const bool alibi = decoder_.positions == "alibi";
    made_.set_int8("decoder/alibi", alibi);
    made_.set_int8("decoder/alibi_use_positive_positions", 0);
    made_.set_int8("decoder/scale_alibi", 0);
    // The attention that it returns when asked: the last layer's, averaged over all heads, as ours.
    made_.set_int16("decoder/alignment_layer", -1);
    made_.set_int16("decoder/alignment_heads", decoder_.num_heads);
    std::vector<std::string> unused;
    for (const auto& [name, value] : weights_)
      if (!used_.contains(name)) unused.push_back(name);
    if (!unused.empty())
      fail<CheckpointError>("the checkpoint has weights that its configuration does not describe: {}", fmt::join(unused, ", "));
    return std::move(made_);
  }

 private:
  torch::Tensor weight(const std::string& name) {
    const auto found = weights_.find(name);
    if (found == weights_.end()) fail<CheckpointError>("the checkpoint lacks the weight {}, which its configuration asks for", name);
    used_.insert(name);
    return found->second;
  }
  bool has(const std::string& name) const { return weights_.contains(name); }

  void linear(const std::string& to, const std::string& from) {
    made_.set(to + "/weight", weight(from + ".weight"));
    made_.set(to + "/bias", weight(from + ".bias"));
  }
  void norm(const std::string& to, const std::string& from) {
    made_.set(to + "/gamma", weight(from + ".weight"));
    if (has(from + ".bias")) made_.set(to + "/beta", weight(from + ".bias"));
  }

  void tables() {
    const auto target = weight(has("target_embedding.weight") ? "target_embedding.weight" : "source_embedding.weight");
    made_.set("decoder/embeddings/weight", target);
    if (encoder_) {
      made_.set("encoder/embeddings_0/weight", weight("source_embedding.weight"));
      made_.set_int8("encoder/embeddings_merge", 0);
    }
    made_.set("decoder/projection/weight", has("output_weight") ? weight("output_weight") : target);
    made_.set("decoder/projection/bias", weight("output_bias"));
  }

  void stack(const std::string& side, const TransformerStackConfig& config) {
    made_.set_int16(side + "/num_heads", config.num_heads);
    made_.set_int8(side + "/pre_norm", config.norm != "post");
    made_.set_int8(side + "/activation", activation_numbers().at(config.activation));
    made_.set_int8(side + "/scale_embeddings", 1);  // by sqrt(D)
    const bool has_table = config.positions == "sinusoidal" || config.positions == "learned" || config.positions == "none";
    if (has_table) made_.set(side + "/position_encodings/encodings", added_positions(side, config));
    if (config.ends_with_norm()) norm(side + "/layer_norm", side + ".norm");
    if (side == "encoder" && config.positions == "alibi") encoder_bias_ = alibi_buckets(config.num_heads);
    for (int64_t l = 0; l < config.layers; ++l) {
      const auto to = fmt::format("{}/layer_{}/", side, l), from = fmt::format("{}.layer_{}.", side, config.shared_layers ? 0 : l);
      const bool encoder = side == "encoder";
      self_attention(to, from, config, encoder);
      if (!encoder && encoder_) cross_attention(to, from, config);
      feed_forward(to, from, config);
    }
  }

  // One row a position of what is added to the embeddings. Tables without weights are the same on both sides.
  torch::Tensor added_positions(const std::string& side, const TransformerStackConfig& config) {
    const auto position = at::arange(kTableRows);
    if (config.positions == "learned") {
      const auto learned = weight(side + ".input.positions");
      return learned.index_select(0, position.clamp_max(learned.size(0) - 1));
    }
    auto& table = tables_without_weights_[{config.positions, config.dim}];
    const auto options = torch::TensorOptions(torch::kFloat);
    if (!table.defined())
      table =
          config.positions == "none" ? at::zeros({kTableRows, config.dim}, options) : SinusoidalPositions(config.dim)(position, options);
    return table;
  }

  // The norms of one sublayer. Around f they have names of their own, and the sublayer then leaves its residual to the layer.
  void norms(const TransformerStackConfig& config, const std::string& to, const std::string& from, const char* sublayer, const char* before,
             const char* after) {
    if (config.norm != "sandwich") return norm(to + sublayer + "/layer_norm", from + ".norm");
    norm(to + before, from + ".norm");
    norm(to + after, from + ".after");
  }

  void heads(const std::string& to, const TransformerStackConfig& config) {
    if (config.num_kv_heads > 0 && config.num_kv_heads != config.num_heads) made_.set_int32(to + "/num_heads_kv", config.num_kv_heads);
  }

  void self_attention(const std::string& to, const std::string& from, const TransformerStackConfig& config, bool encoder) {
    const auto name = to + "self_attention";
    norms(config, to, from + (encoder ? "attention_residual" : "self_residual"), "self_attention", "input_layer_norm",
          "post_attention_layer_norm");
    linear(name + "/linear_0", from + "attention.qkv");
    linear(name + "/linear_1", from + "attention.out");
    heads(name, config);
    if (config.positions == "rotary") {
      made_.set_int32(name + "/rotary_dim", config.dim / config.num_heads);
      made_.set_int8(name + "/rotary_interleave", 1);  // pairs of neighbours
      made_.set_float(name + "/rotary_base", 10000.0);
    }
    if (config.positions == "relative") {
      made_.set(name + "/relative_position_keys", weight(from + "attention.relative_key"));
      made_.set(name + "/relative_position_values", weight(from + "attention.relative_value"));
    }
    if (encoder && encoder_bias_.defined()) {
      made_.set(name + "/relative_attention_bias", encoder_bias_);
      made_.set_int32(name + "/relative_attention_max_distance", kFarthestAlibi);
    }
  }

  void cross_attention(const std::string& to, const std::string& from, const TransformerStackConfig& config) {
    norms(config, to, from + "cross_residual", "attention", "external_pre_encoder_attention_layer_norm",
          "external_post_encoder_attention_layer_norm");
    linear(to + "attention/linear_0", from + "cross_query");
    linear(to + "attention/linear_1", from + "memory_kv");
    linear(to + "attention/linear_2", from + "cross_out");
    heads(to + "attention", config);
  }

  void feed_forward(const std::string& to, const std::string& from, const TransformerStackConfig& config) {
    norms(config, to, from + "feed_forward_residual", "ffn", "pre_feedforward_layer_norm", "post_feedforward_layer_norm");
    const auto inner = from + "feed_forward.inner";
    if (config.activation == "swiglu") {
      const auto weights = weight(inner + ".weight").chunk(2), biases = weight(inner + ".bias").chunk(2);
      const char* names[] = {"ffn/linear_0", "ffn/linear_0_noact"};  // gate, value
      for (size_t half = 0; half < 2; ++half) {
        made_.set(to + names[half] + "/weight", weights[half]);
        made_.set(to + names[half] + "/bias", biases[half]);
      }
    } else {
      linear(to + "ffn/linear_0", inner);
    }
    linear(to + "ffn/linear_1", from + "feed_forward.outer");
  }

  const NamedTensors& weights_;
  std::optional<TransformerEncoderConfig> encoder_;  // none in a language model
  TransformerDecoderConfig decoder_;
  torch::Tensor encoder_bias_;
  std::map<std::pair<std::string, int64_t>, torch::Tensor> tables_without_weights_;
  std::set<std::string> used_;
  Ctranslate2Variables made_;
};

}  // namespace

Ctranslate2Variables ctranslate2_transformer(const EncoderDecoderConfig& config, const NamedTensors& weights) {
  return Ctranslate2Mapping(config, weights).take();
}

}  // namespace attnzoo
