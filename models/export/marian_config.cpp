#include "models/export/marian_config.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

// transformers' names of an activation, and ours.
constexpr std::pair<const char*, const char*> kMarianActivations[] = {
    {"relu", "relu"}, {"gelu", "gelu"}, {"swish", "silu"}, {"silu", "silu"}};

// A field that a Marian model has only one value for; older files spell it out.
void expect(FieldReader& reader, const char* key, bool wanted, const char* what) {
  bool value = wanted;
  reader.read(key, value);
  if (value != wanted) reader.problem(key, fmt::format("{} is {}: a MarianMT model is {}; it cannot be imported", key, value, what));
}

// Far above every model's sizes; products of two fit.
constexpr int64_t kMaxMarianSize = 100'000'000;

// A token that may be written as a list of one.
nlohmann::json without_list(const nlohmann::json& value) { return value.is_array() && value.size() == 1 ? value[0] : value; }

}  // namespace

MarianConfig MarianConfig::from_json(const nlohmann::json& given, const std::string& where) {
  MarianConfig config;
  // null is how transformers writes a field that is not set.
  auto fields = nlohmann::json::object();
  if (given.is_object())
    for (const auto& [key, value] : given.items())
      if (!value.is_null()) fields[key] = key == "eos_token_id" ? without_list(value) : value;
  FieldReader reader(given.is_object() ? fields : given, "config.json");
  std::vector<std::string> others;
  for (const auto& [key, value] : fields.items()) others.push_back(key);
  reader.also_known(others);

  std::string model_type;
  reader.read("model_type", model_type);
  if (model_type != "marian")
    reader.problem("model_type", fmt::format("'{}' is no MarianMT model; this program imports 'marian'", model_type));
  reader.read("vocab_size", config.vocab_size);
  config.decoder_vocab_size = config.vocab_size;
  for (const auto& [key, value] : {std::pair{"vocab_size", &config.vocab_size},
                                   {"decoder_vocab_size", &config.decoder_vocab_size},
                                   {"d_model", &config.d_model},
                                   {"encoder_layers", &config.encoder_layers},
                                   {"decoder_layers", &config.decoder_layers},
                                   {"encoder_ffn_dim", &config.encoder_ffn_dim},
                                   {"decoder_ffn_dim", &config.decoder_ffn_dim},
                                   {"encoder_attention_heads", &config.encoder_attention_heads},
                                   {"decoder_attention_heads", &config.decoder_attention_heads}}) {
    reader.read(key, *value);
    if (*value < 1 || *value > kMaxMarianSize)
      reader.problem(key, fmt::format("must lie between 1 and {}, got {}", kMaxMarianSize, *value));
  }
  for (const auto& [key, value] : {std::pair{"pad_token_id", &config.pad_token_id},
                                   {"eos_token_id", &config.eos_token_id},
                                   {"decoder_start_token_id", &config.decoder_start_token_id}})
    reader.read(key, *value);
  for (const auto& [key, value] : {std::pair{"encoder_layerdrop", &config.encoder_layerdrop},
                                   {"decoder_layerdrop", &config.decoder_layerdrop},
                                   {"dropout", &config.dropout},
                                   {"attention_dropout", &config.attention_dropout},
                                   {"activation_dropout", &config.activation_dropout}})
    reader.read(key, *value);
  std::vector<std::string> activations;
  for (const auto& [theirs, ours] : kMarianActivations) activations.push_back(theirs);
  reader.read_choice("activation_function", config.activation_function, activations);
  reader.read("scale_embedding", config.scale_embedding);
  reader.read("share_encoder_decoder_embeddings", config.share_encoder_decoder_embeddings);
  reader.read("tie_word_embeddings", config.tie_word_embeddings);
  expect(reader, "is_encoder_decoder", true, "an encoder with a decoder");
  expect(reader, "normalize_before", false, "post-norm");
  expect(reader, "normalize_embedding", false, "without a norm of the embeddings");
  expect(reader, "add_final_layer_norm", false, "without a norm at the end of a stack");
  expect(reader, "static_position_embeddings", true, "one with sinusoidal positions");

  if (config.share_encoder_decoder_embeddings && config.decoder_vocab_size != config.vocab_size)
    reader.problem("decoder_vocab_size",
                   fmt::format("{} differs from vocab_size {}, and share_encoder_decoder_embeddings says that one table "
                               "serves both sides",
                               config.decoder_vocab_size, config.vocab_size));
  if (config.share_encoder_decoder_embeddings && !config.tie_word_embeddings)
    reader.problem("tie_word_embeddings",
                   "false, and share_encoder_decoder_embeddings says that one table serves both sides and the output");
  for (const auto& [key, id] : {std::pair{"pad_token_id", config.pad_token_id},
                                {"eos_token_id", config.eos_token_id},
                                {"decoder_start_token_id", config.decoder_start_token_id}})
    if (id < 0 || id >= config.decoder_vocab_size)
      reader.problem(key, fmt::format("{} lies outside of the vocabulary of {}", id, config.decoder_vocab_size));
  try {
    reader.finish();
  } catch (const ConfigError& error) {
    fail<ConfigError>("{}: {}", where, error.what());
  }
  return config;
}

nlohmann::json MarianConfig::to_json() const {
  return {{"architectures", {"MarianMTModel"}},
          {"model_type", "marian"},
          {"dtype", "float32"},
          {"is_encoder_decoder", true},
          {"vocab_size", vocab_size},
          {"decoder_vocab_size", decoder_vocab_size},
          {"d_model", d_model},
          {"encoder_layers", encoder_layers},
          {"decoder_layers", decoder_layers},
          {"num_hidden_layers", encoder_layers},
          {"encoder_ffn_dim", encoder_ffn_dim},
          {"decoder_ffn_dim", decoder_ffn_dim},
          {"encoder_attention_heads", encoder_attention_heads},
          {"decoder_attention_heads", decoder_attention_heads},
          {"encoder_layerdrop", encoder_layerdrop},
          {"decoder_layerdrop", decoder_layerdrop},
          {"dropout", dropout},
          {"attention_dropout", attention_dropout},
          {"activation_dropout", activation_dropout},
          {"activation_function", activation_function},
          {"scale_embedding", scale_embedding},
          {"static_position_embeddings", true},
          {"normalize_before", false},
          {"normalize_embedding", false},
          {"add_final_layer_norm", false},
          {"share_encoder_decoder_embeddings", share_encoder_decoder_embeddings},
          {"tie_word_embeddings", tie_word_embeddings},
          {"max_position_embeddings", max_position_embeddings},
          {"pad_token_id", pad_token_id},
          {"eos_token_id", eos_token_id},
          {"forced_eos_token_id", eos_token_id},
          {"decoder_start_token_id", decoder_start_token_id}};
}

nlohmann::json MarianConfig::model_section(const std::string& where) const {
  const char* activation = "";
  for (const auto& [theirs, ours] : kMarianActivations)
    if (activation_function == theirs) activation = ours;
  const char* tied = !scale_embedding || !tie_word_embeddings ? "none" : share_encoder_decoder_embeddings ? "all" : "decoder";
  try {
    return complete_model_config({{"family", "transformer"},
                                  {"dim", d_model},
                                  {"encoder_layers", encoder_layers},
                                  {"decoder_layers", decoder_layers},
                                  {"encoder_feed_forward_dim", encoder_ffn_dim},
                                  {"decoder_feed_forward_dim", decoder_ffn_dim},
                                  {"encoder_num_heads", encoder_attention_heads},
                                  {"decoder_num_heads", decoder_attention_heads},
                                  {"encoder_layer_drop", encoder_layerdrop},
                                  {"decoder_layer_drop", decoder_layerdrop},
                                  {"dropout", dropout},
                                  {"attention_dropout", attention_dropout},
                                  {"activation_dropout", activation_dropout},
                                  {"norm", "post"},
                                  {"activation", activation},
                                  {"tied_embeddings", tied}});
  } catch (const ConfigError& error) {
    fail<ConfigError>("{}/config.json: makes no model: {}", where, error.what());
  }
}

}  // namespace attnzoo
