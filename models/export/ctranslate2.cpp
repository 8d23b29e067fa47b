#include "models/export/ctranslate2.h"

#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/special_tokens.h"
#include "models/export/ctranslate2_refusals.h"
#include "models/export/ctranslate2_transformer.h"
#include "models/export/export_directory.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr char kModelBinary[] = "model.bin";

// A vocabulary's tokens by id, and the name of its file.
struct ExportedVocabulary {
  const char *of, *file;
  std::vector<std::string> tokens;
};

std::vector<ExportedVocabulary> vocabularies_of(const TokenizerPair& tokenizers, bool reads_source) {
  const auto vocabulary = [](const char* of, const char* file, const Tokenizer& tokenizer) {
    ExportedVocabulary made{of, file, {}};
    for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) made.tokens.push_back(tokenizer.piece(id));
    return made;
  };
  if (!reads_source) return {vocabulary("target", "vocabulary.json", *tokenizers.target)};
  if (tokenizers.joint()) return {vocabulary("joint", "shared_vocabulary.json", *tokenizers.source)};
  return {vocabulary("source", "source_vocabulary.json", *tokenizers.source),
          vocabulary("target", "target_vocabulary.json", *tokenizers.target)};
}

// CTranslate2 finds ids by the token's text, so no text may stand for two.
void refuse_repeated_tokens(const ExportedVocabulary& vocabulary, std::vector<std::string>& reasons) {
  std::map<std::string, size_t> ids;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const auto [first, is_new] = ids.emplace(vocabulary.tokens[id], id);
    if (!is_new)
      reasons.push_back(
          fmt::format("the {} vocabulary has '{}' twice, as ids {} and {}, and CTranslate2 tells tokens apart by their text; "
                      "learn it from text without this word",
                      vocabulary.of, first->first, first->second, id));
  }
}

bool shares_kv_heads(const nlohmann::json& stack) {
  const auto kv_heads = stack.value("num_kv_heads", 0);
  return kv_heads != 0 && kv_heads != stack["num_heads"];
}

nlohmann::json ctranslate2_settings(const EncoderDecoderConfig& config, bool reads_source, const Tokenizer& target) {
  nlohmann::json settings = {{"unk_token", target.piece(kUnkId)},
                             {"bos_token", target.piece(kBosId)},
                             {"eos_token", target.piece(kEosId)},
                             {"layer_norm_epsilon", nullptr},  // its defaults are ours: 1e-5, and 1e-6 for RMS norm
                             {"multi_query_attention", shares_kv_heads(config.encoder_fields) || shares_kv_heads(config.decoder_fields)}};
  if (reads_source) settings.update({{"decoder_start_token", target.piece(kBosId)}, {"add_source_bos", false}, {"add_source_eos", true}});
  return settings;
}

void write_sentencepiece_model(const Tokenizer& tokenizer, const fs::path& file) {
  if (const auto model = sentencepiece_model_of(tokenizer); !model.empty()) write_file(file, model);
}

}  // namespace

void export_ctranslate2(const CheckpointContents& contents, const fs::path& directory, bool int8) {
  if (!contents.config.is_object() || !contents.config.contains("model"))
    fail<CheckpointError>("the checkpoint's config.json has no section 'model'");
  const auto config = read_model_config(contents.config["model"]);
  const bool reads_source = config.encoder != "none";
  const auto vocabularies = vocabularies_of(contents.tokenizers, reads_source);
  auto reasons = ctranslate2_refusals(config);
  for (const auto& vocabulary : vocabularies) refuse_repeated_tokens(vocabulary, reasons);
  if (!reasons.empty()) fail<ConfigError>("--format ctranslate2: the model cannot be exported:\n  {}", fmt::join(reasons, "\n  "));
  const auto variables = ctranslate2_transformer(config, contents.weights);

  ExportDirectory made(directory, "ctranslate2");
  if (reads_source)
    variables.save(made.path() / kModelBinary, "TransformerSpec", 7, int8);
  else
    variables.save(made.path() / kModelBinary, "TransformerDecoderSpec", 8, int8);
  const auto& [source, target] = contents.tokenizers;
  write_file(made.path() / "config.json", ctranslate2_settings(config, reads_source, *target).dump(2) + "\n");
  for (const auto& vocabulary : vocabularies)
    write_file(made.path() / vocabulary.file, json_text(nlohmann::json(vocabulary.tokens), 1) + "\n");
  if (reads_source) write_sentencepiece_model(*source, made.path() / "source.spm");
  if (!reads_source || source != target) write_sentencepiece_model(*target, made.path() / "target.spm");
  made.commit();
}

}  // namespace attnzoo
