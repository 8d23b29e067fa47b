#include "models/export/huggingface_export.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/files.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/special_tokens.h"
#include "data/task.h"
#include "models/encoder_decoder_config.h"
#include "models/export/export_directory.h"
#include "models/export/marian_config.h"
#include "models/export/marian_layout.h"
#include "models/transformer/transformer_stack_config.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// Notes what a stack has that MarianMT does not.
void check_marian_stack(const TransformerStackConfig& config, const char* side, std::vector<std::string>& problems) {
  const auto refuse = [&](bool refused, const char* field, const auto& value, const char* accepted) {
    if (refused) problems.push_back(fmt::format("{}'s {} is {}, MarianMT has {}", side, field, value, accepted));
  };
  refuse(config.norm != "post", "norm", config.norm, "post");
  refuse(config.norm_kind != "layer", "norm_kind", config.norm_kind, "layer");
  refuse(config.positions != "sinusoidal", "positions", config.positions, "sinusoidal");
  refuse(config.activation == "swiglu", "activation", config.activation, "relu, gelu, silu");
  refuse(config.num_kv_heads > 0 && config.num_kv_heads != config.num_heads, "num_kv_heads", config.num_kv_heads, "as many as num_heads");
  refuse(config.attention_window > 0, "attention_window", config.attention_window, "none");
}

// The complete model section taken apart, once it is known to be one that MarianMT has.
struct MarianModel {
  TransformerEncoderConfig encoder;
  TransformerDecoderConfig decoder;
  std::string tied;  // "all", "decoder", "none"
};

MarianModel marian_model(const CheckpointContents& contents) {
  if (!contents.config.is_object() || !contents.config.contains("model"))
    fail<CheckpointError>("the checkpoint's config.json has no section 'model'");
  const auto model = read_model_config(contents.config["model"]);
  std::vector<std::string> problems;
  for (const auto& [side, kind] : {std::pair{"encoder", model.encoder}, {"decoder", model.decoder}})
    if (kind != "transformer") problems.push_back(fmt::format("the {} is '{}', MarianMT's is a 'transformer'", side, kind));
  if (model.copy) problems.push_back("the model copies words (copy), MarianMT does not");
  for (const auto& [side, tokenizer] : {std::pair{"source", contents.tokenizers.source}, {"target", contents.tokenizers.target}})
    if (sentencepiece_model_of(*tokenizer).empty())
      problems.push_back(fmt::format("the {} tokeniser is of kind {}, MarianMT needs SentencePiece", side, tokenizer->kind()));

  MarianModel marian;
  if (model.encoder == "transformer") {
    marian.encoder = TransformerEncoderConfig::from_json(model.encoder_fields);
    check_marian_stack(marian.encoder, "the encoder", problems);
  }
  if (model.decoder == "transformer") {
    marian.decoder = TransformerDecoderConfig::from_json(model.decoder_fields);
    check_marian_stack(marian.decoder, "the decoder", problems);
    if (marian.decoder.autoregression != "attention")
      problems.push_back(fmt::format("the decoder's autoregression is {}, MarianMT has attention", marian.decoder.autoregression));
  }
  if (model.encoder == "transformer" && model.decoder == "transformer") {
    const auto same = [&](const char* field, const auto& encoder, const auto& decoder) {
      if (encoder != decoder)
        problems.push_back(fmt::format("the encoder's {} is {} and the decoder's {}, MarianMT has one", field, encoder, decoder));
    };
    same("dim", marian.encoder.dim, marian.decoder.dim);
    same("activation", marian.encoder.activation, marian.decoder.activation);
  }
  if (!problems.empty())
    fail<ConfigError>("--format huggingface: the model is not one that MarianMT can express: {}", fmt::join(problems, "; "));
  marian.tied = model.tied_embeddings != "auto" ? model.tied_embeddings : contents.tokenizers.joint() ? "all" : "decoder";
  return marian;
}

MarianConfig marian_config(const MarianModel& model, const TokenizerPair& tokenizers) {
  MarianConfig config;
  config.vocab_size = tokenizers.source->vocabulary_size();
  config.decoder_vocab_size = tokenizers.target->vocabulary_size();
  config.d_model = model.encoder.dim;
  config.encoder_layers = model.encoder.layers;
  config.decoder_layers = model.decoder.layers;
  config.encoder_ffn_dim = model.encoder.feed_forward_dim;
  config.decoder_ffn_dim = model.decoder.feed_forward_dim;
  config.encoder_attention_heads = model.encoder.num_heads;
  config.decoder_attention_heads = model.decoder.num_heads;
  config.encoder_layerdrop = model.encoder.layer_drop;
  config.decoder_layerdrop = model.decoder.layer_drop;
  // One for both stacks there; it matters to further training alone.
  config.dropout = model.decoder.dropout;
  config.attention_dropout = model.decoder.attention_dropout;
  config.activation_dropout = model.decoder.activation_dropout;
  config.activation_function = model.encoder.activation == "silu" ? "swish" : model.encoder.activation;
  config.scale_embedding = true;
  config.share_encoder_decoder_embeddings = model.tied == "all";
  config.tie_word_embeddings = model.tied != "none";
  config.pad_token_id = kPadId;
  config.eos_token_id = kEosId;
  config.decoder_start_token_id = kBosId;
  return config;
}

// A layer's tensor has the first one's name where the stack has but one.
std::string stored_name(const std::string& name, const char* stack, bool shared_layers) {
  const std::string prefix = fmt::format("{}.layer_", stack);
  if (!shared_layers || !name.starts_with(prefix)) return name;
  return prefix + "0" + name.substr(name.find('.', prefix.size()));
}

NamedTensors marian_tensors(const MarianModel& model, const MarianConfig& config, const NamedTensors& weights) {
  const auto stored = [&](const std::string& name, const std::vector<int64_t>& shape) {
    const auto found = weights.find(name);
    if (found == weights.end()) fail<CheckpointError>("the checkpoint has no tensor '{}'", name);
    if (found->second.sizes() != shape)
      fail<CheckpointError>("the checkpoint's tensor '{}' is [{}], and its model's [{}]", name,
                            fmt::join(found->second.sizes().vec(), ", "), fmt::join(shape, ", "));
    return found->second;
  };
  NamedTensors result;
  const auto add_table = [&](const char* theirs, const char* ours, int64_t vocabulary_size) {
    result[theirs] = to_marian_order(stored(ours, {vocabulary_size, config.d_model}), 1);
  };
  if (model.tied == "all") {
    add_table(marian_names::kShared, "source_embedding.weight", config.vocab_size);
  } else {
    add_table(marian_names::kSource, "source_embedding.weight", config.vocab_size);
    add_table(marian_names::kTarget, "target_embedding.weight", config.decoder_vocab_size);
    if (model.tied == "none") add_table(marian_names::kOutput, "output_weight", config.decoder_vocab_size);
  }
  result[marian_names::kOutputBias] = stored("output_bias", {config.decoder_vocab_size}).unsqueeze(0);
  for (const auto& tensor : marian_layers(config.encoder(), config.decoder(), config.d_model)) {
    const auto name = stored_name(stored_name(tensor.ours, "encoder", model.encoder.shared_layers), "decoder", model.decoder.shared_layers);
    std::vector<int64_t> shape = {tensor.num_rows};
    if (tensor.num_columns > 0) shape.push_back(tensor.num_columns);
    auto whole = stored(name, shape);
    if (tensor.rows_in_stream) whole = to_marian_order(whole, 0);
    if (tensor.columns_in_stream) whole = to_marian_order(whole, 1);
    const auto parts = whole.chunk(static_cast<int64_t>(tensor.theirs.size()), 0);
    for (size_t i = 0; i < parts.size(); ++i) result[tensor.theirs[i]] = parts[i];
  }
  return result;
}

// The pieces of a side by id. A special token whose name is that of another piece, as "<s>" may be in an imported vocabulary, gets another.
std::vector<std::string> marian_pieces(const Tokenizer& tokenizer) {
  std::vector<std::string> pieces;
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) pieces.push_back(tokenizer.piece(id));
  const auto others = pieces.begin() + kNumSpecialTokens;
  for (auto special = pieces.begin(); special != others; ++special)
    while (std::find(others, pieces.end(), *special) != pieces.end()) *special += "_";
  return pieces;
}

nlohmann::json ids_by_piece(const std::vector<std::string>& pieces) {
  auto ids = nlohmann::json::object();
  for (size_t id = 0; id < pieces.size(); ++id) ids[pieces[id]] = id;
  return ids;
}

}  // namespace

void export_huggingface(const CheckpointContents& contents, const fs::path& directory) {
  const auto model = marian_model(contents);
  const auto config = marian_config(model, contents.tokenizers);
  const auto tensors = marian_tensors(model, config, contents.weights);
  const auto& [source, target] = contents.tokenizers;
  const bool separate = !contents.tokenizers.joint();
  const auto pieces = marian_pieces(*source);
  const nlohmann::json tokenizer = {{"tokenizer_class", "MarianTokenizer"}, {"separate_vocabs", separate},
                                    {"pad_token", pieces[kPadId]},          {"unk_token", pieces[kUnkId]},
                                    {"eos_token", pieces[kEosId]},          {"model_max_length", config.max_position_embeddings},
                                    {"clean_up_tokenization_spaces", false}};
  // What eval/search.h does unless told otherwise: never <pad> or <s>, a beam of 5, at most 256 tokens.
  const nlohmann::json generation = {
      {"pad_token_id", kPadId},
      {"eos_token_id", kEosId},
      {"forced_eos_token_id", kEosId},
      {"decoder_start_token_id", kBosId},
      {"bad_words_ids", nlohmann::json::array({nlohmann::json::array({kPadId}), nlohmann::json::array({kBosId})})},
      {"num_beams", 5},
      {"max_length", 256}};
  ExportDirectory made(directory, "huggingface");
  const auto write_json = [&](const char* name, const nlohmann::json& json) { write_file(made.path() / name, json.dump(2) + "\n"); };
  write_json("config.json", config.to_json());
  write_json("generation_config.json", generation);
  write_json("tokenizer_config.json", tokenizer);
  write_json("vocab.json", ids_by_piece(pieces));
  if (separate) write_json("target_vocab.json", ids_by_piece(marian_pieces(*target)));
  write_file(made.path() / "source.spm", sentencepiece_model_of(*source));
  write_file(made.path() / "target.spm", sentencepiece_model_of(*target));
  // Without "format" transformers refuses a file.
  save_safetensors(made.path() / "model.safetensors", tensors, {{"format", "pt"}});
  made.commit();
}

}  // namespace attnzoo
