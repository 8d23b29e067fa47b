#include "models/transformer/transformer_stack_config.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "models/config_checks.h"

namespace attnzoo {

void TransformerStackConfig::read(FieldReader& reader) {
  reader.read("dim", dim);
  reader.read("feed_forward_dim", feed_forward_dim);
  reader.read("layers", layers);
  reader.read("num_heads", num_heads);
  reader.read("num_kv_heads", num_kv_heads);
  reader.read("attention_window", attention_window);
  reader.read("dropout", dropout);
  reader.read("attention_dropout", attention_dropout);
  reader.read("activation_dropout", activation_dropout);
  reader.read_choice("norm", norm, {"pre", "post", "sandwich"});
  reader.read_choice("norm_kind", norm_kind, {"layer", "rms"});
  reader.read_choice("activation", activation, {"relu", "gelu", "silu", "swiglu"});
  reader.read_choice("positions", positions, {"sinusoidal", "learned", "rotary", "alibi", "relative", "none"});
  reader.read("relative_distance", relative_distance);
  reader.read("layer_drop", layer_drop);
  reader.read("shared_layers", shared_layers);
  for (const auto& [key, value] : {std::pair{"dim", dim},
                                   {"feed_forward_dim", feed_forward_dim},
                                   {"layers", layers},
                                   {"num_heads", num_heads},
                                   {"relative_distance", relative_distance}})
    check_at_least_one(reader, key, value);
  for (const auto& [key, value] : {std::pair{"dropout", dropout},
                                   {"attention_dropout", attention_dropout},
                                   {"activation_dropout", activation_dropout},
                                   {"layer_drop", layer_drop}})
    check_fraction(reader, key, value);
  if (attention_window < 0) reader.problem("attention_window", fmt::format("must be at least 0 (0: no limit), got {}", attention_window));
  check_at_most(reader, "attention_window", attention_window);
  if (dim < 1 || num_heads < 1) return;
  if (num_kv_heads < 0 || (num_kv_heads > 0 && num_heads % num_kv_heads != 0))
    reader.problem("num_kv_heads", fmt::format("must divide num_heads ({}), or be 0 for the same number, got {}", num_heads, num_kv_heads));
  if (dim % num_heads != 0 || dim % 2 != 0)
    reader.problem("dim", fmt::format("must be even and a multiple of num_heads ({}), got {}", num_heads, dim));
  else if (positions == "rotary" && dim / num_heads % 2 != 0)
    reader.problem("positions", fmt::format("rotary needs heads of even width, got {} / {} = {}", dim, num_heads, dim / num_heads));
}

void TransformerStackConfig::write(nlohmann::json& fields) const {
  fields.update({{"dim", dim},
                 {"feed_forward_dim", feed_forward_dim},
                 {"layers", layers},
                 {"num_heads", num_heads},
                 {"num_kv_heads", num_kv_heads},
                 {"attention_window", attention_window},
                 {"dropout", dropout},
                 {"attention_dropout", attention_dropout},
                 {"activation_dropout", activation_dropout},
                 {"norm", norm},
                 {"norm_kind", norm_kind},
                 {"activation", activation},
                 {"positions", positions},
                 {"relative_distance", relative_distance},
                 {"layer_drop", layer_drop},
                 {"shared_layers", shared_layers}});
}

EmbeddingShape TransformerStackConfig::embedding() const { return {dim, 1.0 / std::sqrt(static_cast<double>(dim))}; }

TransformerEncoderConfig TransformerEncoderConfig::from_json(const nlohmann::json& fields) {
  TransformerEncoderConfig config;
  FieldReader reader(fields, "model");
  config.read(reader);
  reader.finish();
  return config;
}

nlohmann::json TransformerEncoderConfig::to_json() const {
  auto fields = nlohmann::json::object();
  write(fields);
  return fields;
}

TransformerDecoderConfig TransformerDecoderConfig::from_json(const nlohmann::json& fields) {
  TransformerDecoderConfig config;
  FieldReader reader(fields, "model");
  config.read(reader);
  reader.read_choice("autoregression", config.autoregression, {"attention", "ssru"});
  const bool ssru = config.autoregression == "ssru";
  for (const auto* inside : {"rotary", "alibi", "relative"})
    if (ssru && config.positions == inside)
      reader.problem("positions", fmt::format("'{}' acts in self-attention, which a decoder with autoregression 'ssru' does not have; "
                                              "set decoder_positions to 'sinusoidal', 'learned' or 'none'",
                                              inside));
  if (ssru && config.attention_window > 0)
    reader.problem("attention_window", fmt::format("limits self-attention, which a decoder with autoregression 'ssru' does not have; "
                                                   "set decoder_attention_window to 0, got {}",
                                                   config.attention_window));
  reader.finish();
  return config;
}

nlohmann::json TransformerDecoderConfig::to_json() const {
  nlohmann::json fields = {{"autoregression", autoregression}};
  write(fields);
  return fields;
}

}  // namespace attnzoo
