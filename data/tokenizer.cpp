#include "data/tokenizer.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/sentencepiece_learning.h"
#include "data/sentencepiece_model.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"
#include "data/utf8.h"
#include "data/vocabulary_tokenizer.h"

namespace attnzoo {
namespace {

constexpr char kSourceFile[] = "source.tokenizer";
constexpr char kTargetFile[] = "target.tokenizer";
constexpr int64_t kMaxVocabularySize = 10000000;
constexpr uint64_t kMaxTokenizerBytes = uint64_t{256} << 20;

bool is_sentencepiece(const std::string& kind) { return kind.rfind("sentencepiece-", 0) == 0; }

int64_t min_vocabulary_size(const TokenizerConfig& config) {
  return is_sentencepiece(config.kind) ? min_sentencepiece_vocabulary(config.byte_fallback) : kNumSpecialTokens + 1;
}

int64_t max_vocabulary_size(const TokenizerConfig& config) {
  return is_sentencepiece(config.kind) ? kMaxSentencePieces : kMaxVocabularySize;
}

// FNV-1a of 64 bits.
uint64_t hash_on(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return hash;
}

// What was learned, read as a program will read it later.
std::shared_ptr<const Tokenizer> read_back(const Tokenizer& learned) {
  const std::string bytes = learned.serialized();
  if (bytes.size() > kMaxTokenizerBytes)
    fail<DataError>("tokeniser: its {} entries take {} bytes; at most {} can be read again; lower data.tokenizer.vocabulary_size",
                    learned.vocabulary_size(), bytes.size(), kMaxTokenizerBytes);
  return load_tokenizer(bytes, "the tokeniser just learned");
}

}  // namespace

TokenizerConfig TokenizerConfig::from_json(const nlohmann::json& fields) {
  TokenizerConfig config;
  FieldReader reader(fields, "data.tokenizer");
  reader.read_choice("kind", config.kind, {"sentencepiece-unigram", "sentencepiece-bpe", kWordsKind, kCharactersKind});
  reader.read("vocabulary_size", config.vocabulary_size);
  reader.read("joint", config.joint);
  reader.read("byte_fallback", config.byte_fallback);
  reader.read_choice("normalization", config.normalization, kNormalizations);
  reader.read("character_coverage", config.character_coverage);
  reader.read("copy_unknown", config.copy_unknown);
  reader.read("max_training_sentences", config.max_training_sentences);
  const int64_t min_size = min_vocabulary_size(config);
  const int64_t max_size = max_vocabulary_size(config);
  if (config.vocabulary_size < min_size || config.vocabulary_size > max_size) {
    const char* why =
        is_sentencepiece(config.kind) && config.byte_fallback ? " (4 special tokens, 256 bytes for byte_fallback, 1 piece)" : "";
    reader.problem("vocabulary_size", fmt::format("must lie between {}{} and {}, got {}", min_size, why, max_size, config.vocabulary_size));
  }
  if (!(config.character_coverage >= kMinCharacterCoverage && config.character_coverage <= 1))
    reader.problem("character_coverage", fmt::format("must lie between {} and 1, the range that SentencePiece accepts, got {}",
                                                     kMinCharacterCoverage, config.character_coverage));
  if (!is_sentencepiece(config.kind) && config.normalization != "identity")
    reader.problem("normalization", fmt::format("kind '{}' takes text as it is, got '{}'; omit it", config.kind, config.normalization));
  if (config.max_training_sentences < 1)
    reader.problem("max_training_sentences", fmt::format("must be 1 or more, got {}", config.max_training_sentences));
  if (config.copy_unknown && !config.joint) reader.problem("copy_unknown", "needs one vocabulary for both sides; set joint to true");
  reader.finish();
  return config;
}

nlohmann::json TokenizerConfig::to_json() const {
  return {{"kind", kind},
          {"vocabulary_size", vocabulary_size},
          {"joint", joint},
          {"byte_fallback", byte_fallback},
          {"normalization", normalization},
          {"character_coverage", character_coverage},
          {"copy_unknown", copy_unknown},
          {"max_training_sentences", max_training_sentences}};
}

std::string TokenizerPair::fingerprint() const {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const auto& side : {source, target}) hash = hash_on(hash, side->serialized());
  return fmt::format("{:016x}", hash);
}

void TokenizerPair::save(const std::filesystem::path& directory) const {
  write_file(directory / kSourceFile, source->serialized(), Links::kRefuse);
  std::error_code ignored;
  if (source == target) {
    std::filesystem::remove(directory / kTargetFile, ignored);  // of an earlier pair; it would make this one two
  } else {
    write_file(directory / kTargetFile, target->serialized(), Links::kRefuse);
  }
}

TokenizerPair TokenizerPair::load(const std::filesystem::path& directory) {
  const auto load_side = [&](const char* name) {
    const auto file = directory / name;
    std::error_code ignored;
    const auto num_bytes = std::filesystem::file_size(file, ignored);
    if (!ignored && num_bytes > kMaxTokenizerBytes)
      fail<DataError>("{}: is not an attnzoo tokeniser: it has {} bytes; at most {} are read", file.string(), num_bytes,
                      kMaxTokenizerBytes);
    return load_tokenizer(read_file(file), file.string());
  };
  TokenizerPair pair;
  pair.source = load_side(kSourceFile);
  pair.target = std::filesystem::exists(directory / kTargetFile) ? load_side(kTargetFile) : pair.source;
  return pair;
}

std::shared_ptr<const Tokenizer> train_tokenizer(const TokenizerConfig& config, std::span<const std::string> lines) {
  const auto has_text = [](const std::string& line) { return !is_blank(line); };
  if (std::none_of(lines.begin(), lines.end(), has_text))
    fail<DataError>("tokeniser: cannot learn from {} lines without any text", lines.size());
  if (is_sentencepiece(config.kind)) return train_sentencepiece(config, lines);  // comes from its own bytes
  return read_back(*train_vocabulary(config.kind, config.vocabulary_size, lines));
}

std::shared_ptr<const Tokenizer> train_labels(std::span<const std::string> labels) {
  return read_back(*train_vocabulary(kLabelsKind, kMaxVocabularySize, labels));
}

std::shared_ptr<const Tokenizer> load_tokenizer(std::string_view serialized, const std::string& where) {
  const auto [kind, content] = unpack_tokenizer(serialized, where);
  if (kind == kSentencePieceKind) return load_sentencepiece(content, where);
  if (kind == kSentencePieceVocabularyKind) return load_sentencepiece_vocabulary(content, where);
  if (kind == kWordsKind || kind == kCharactersKind || kind == kLabelsKind) return load_vocabulary(kind, content, where);
  fail<DataError>("{}: tokeniser of the unknown kind '{}'; known are {}, {}, {}, {}, {}", where, kind, kSentencePieceKind,
                  kSentencePieceVocabularyKind, kWordsKind, kCharactersKind, kLabelsKind);
}

}  // namespace attnzoo
