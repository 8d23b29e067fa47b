#include "models/export/marian_config.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/config_checks.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

// The names of an activation in transformers and here.
constexpr std::pair<const char*, const char*> kMarianActivations[] = {
    {"relu", "relu"}, {"gelu", "gelu"}, {"swish", "silu"}, {"silu", "silu"}};

// A field that has one value in every Marian model; older files spell it out.
void expect(FieldReader& reader, const char* key, bool wanted, const char* what) {
  bool value = wanted;
  reader.read(key, value);
  if (value != wanted) reader.problem(key, fmt::format("must be {}, got {}: a MarianMT model {}", wanted, value, what));
}

// Far above the vocabulary of every model.
constexpr int64_t kMaxMarianPieces = 10'000'000;

// An id that may be written as a list of one.
nlohmann::json without_list(const nlohmann::json& value) { return value.is_array() && value.size() == 1 ? value[0] : value; }

}  // namespace

MarianConfig MarianConfig::from_json(const nlohmann::json& given, const std::string& where) {
  MarianConfig config;
  // transformers writes null for a field that is not set.
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
    reader.problem("model_type", fmt::format("'{}' is not a MarianMT model; only 'marian' can be imported", model_type));
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
    const std::string_view name = key;
    const int64_t bound = name.ends_with("vocab_size") ? kMaxMarianPieces : name.ends_with("layers") ? kMaxLayers : kMaxWidth;
    if (*value < 1 || *value > bound) reader.problem(key, fmt::format("must be between 1 and {}, got {}", bound, *value));
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
  expect(reader, "is_encoder_decoder", true, "has an encoder and a decoder");
  expect(reader, "normalize_before", false, "is post-norm");
  expect(reader, "normalize_embedding", false, "does not normalize its embeddings");
  expect(reader, "add_final_layer_norm", false, "has no norm after its last layer");
  expect(reader, "static_position_embeddings", true, "has sinusoidal positions");

  if (config.share_encoder_decoder_embeddings && config.decoder_vocab_size != config.vocab_size)
    reader.problem("decoder_vocab_size", fmt::format("must equal vocab_size ({}) with share_encoder_decoder_embeddings, got {}",
                                                     config.vocab_size, config.decoder_vocab_size));
  if (config.share_encoder_decoder_embeddings && !config.tie_word_embeddings)
    reader.problem("tie_word_embeddings",
                   "must be true with share_encoder_decoder_embeddings, where one table serves both sides and the output");
  for (const auto& [key, id] : {std::pair{"pad_token_id", config.pad_token_id},
                                {"eos_token_id", config.eos_token_id},
                                {"decoder_start_token_id", config.decoder_start_token_id}})
    if (id < 0 || id >= config.decoder_vocab_size)
      reader.problem(key, fmt::format("must be an id from 0 to {}, got {}", config.decoder_vocab_size - 1, id));
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
    fail<ConfigError>("{}/config.json: does not describe a model: {}", where, error.what());
  }
}

}  // namespace attnzoo
