#include "models/export/ctranslate2.h"

#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/files.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"
#include "models/export/ctranslate2_transformer.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr char kModelFile[] = "model.bin";

std::vector<std::string> tokens_of(const Tokenizer& tokenizer) {
  std::vector<std::string> tokens;
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) tokens.push_back(tokenizer.piece(id));
  return tokens;
}

// CTranslate2 finds ids by the token's text, so no text may stand for two.
void refuse_repeated_tokens(const char* side, const std::vector<std::string>& tokens, std::vector<std::string>& reasons) {
  std::map<std::string, size_t> ids;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const auto [first, is_new] = ids.emplace(tokens[id], id);
    if (!is_new)
      reasons.push_back(
          fmt::format("the {} vocabulary has '{}' twice, as ids {} and {}, and CTranslate2 tells tokens apart by their text; "
                      "learn it from text without this word",
                      side, tokens[id], first->second, id));
  }
}

// What a checkpoint's model is made of: encoder_decoder_config.h reads it once family and preset are resolved.
EncoderDecoderConfig model_config(const nlohmann::json& model) {
  auto fields = complete_model_config(model);
  fields.erase("family");
  return EncoderDecoderConfig::from_json(fields);
}

bool has_fewer_kv_heads(const nlohmann::json& stack) { return stack["num_kv_heads"] != 0 && stack["num_kv_heads"] != stack["num_heads"]; }

nlohmann::json settings_of(const EncoderDecoderConfig& config, const Tokenizer& target) {
  return {{"unk_token", target.piece(kUnkId)},
          {"bos_token", target.piece(kBosId)},
          {"eos_token", target.piece(kEosId)},
          {"decoder_start_token", target.piece(kBosId)},
          {"add_source_bos", false},
          {"add_source_eos", true},
          {"layer_norm_epsilon", nullptr},  // its defaults are ours: 1e-5, and 1e-6 for RMS norm
          {"multi_query_attention", has_fewer_kv_heads(config.encoder_fields) || has_fewer_kv_heads(config.decoder_fields)}};
}

void refuse_to_replace(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(directory, ignored))) return;
  if (fs::is_directory(directory, ignored) && (fs::exists(directory / kModelFile, ignored) || fs::is_empty(directory, ignored))) return;
  fail<DataError>("{}: stands there and is no export of CTranslate2 (it has no {}); choose another name, or remove it", directory.string(),
                  kModelFile);
}

void write_tokenizer(const Tokenizer& tokenizer, const fs::path& file) {
  if (tokenizer.kind() == kSentencePieceKind) write_file(file, unpack_tokenizer(tokenizer.serialized(), file.string()).content);
}

void write_vocabulary(const std::vector<std::string>& tokens, const fs::path& file) {
  write_file(file, nlohmann::json(tokens).dump(1) + "\n");
}

}  // namespace

void export_ctranslate2(const CheckpointContents& contents, const fs::path& directory, bool int8) {
  if (!contents.config.is_object() || !contents.config.contains("model"))
    fail<CheckpointError>("the checkpoint's config.json has no section 'model'");
  const auto config = model_config(contents.config["model"]);
  const auto& [source, target] = contents.tokenizers;
  const bool joint = contents.tokenizers.joint();
  const auto source_tokens = tokens_of(*source), target_tokens = tokens_of(*target);
  auto reasons = ctranslate2_refusals(config);
  refuse_repeated_tokens(joint ? "joint" : "source", source_tokens, reasons);
  if (!joint) refuse_repeated_tokens("target", target_tokens, reasons);
  if (!reasons.empty()) fail<ConfigError>("--format ctranslate2: the model cannot be exported:\n  {}", fmt::join(reasons, "\n  "));
  const auto variables = ctranslate2_transformer(config, contents.weights);
  refuse_to_replace(directory);

  AtomicDirectory made(directory);
  variables.save(made.path() / kModelFile, "TransformerSpec", 7, int8);
  write_file(made.path() / "config.json", settings_of(config, *target).dump(2) + "\n");
  write_vocabulary(source_tokens, made.path() / (joint ? "shared_vocabulary.json" : "source_vocabulary.json"));
  write_tokenizer(*source, made.path() / "source.spm");
  if (!joint) {
    write_vocabulary(target_tokens, made.path() / "target_vocabulary.json");
    write_tokenizer(*target, made.path() / "target.spm");
  }
  made.commit();
}

}  // namespace attnzoo
