// Text to ids and back. Every kind of tokeniser stands behind this interface; it is made by learning from text
// (train_tokenizer), travels inside the checkpoint, and is the only thing that knows the vocabulary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // The ids of one line of text, without <s> and </s>. Never fails: what the vocabulary lacks becomes bytes or <unk>.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  // The text of ids; special tokens are skipped, <unk> is shown as U+2047 (" \xE2\x81\x87 ").
  virtual std::string decode(std::span<const int32_t> ids) const = 0;
  // decode(), with the i-th <unk> written as unknown[i]; where there is none, or an empty one, as decode() writes it.
  virtual std::string decode_with(std::span<const int32_t> ids, std::span<const std::string> /*unknown*/) const { return decode(ids); }
  // The text of every <unk> in encode(text), in order.
  virtual std::vector<std::string> unknown_words(std::string_view) const { return {}; }
  // The written form of one id ("<s>", "\xE2\x96\x81Haus").
  virtual std::string piece(int32_t id) const = 0;
  // Ids are 0 .. vocabulary_size() - 1, the special tokens of data/special_tokens.h first.
  virtual int64_t vocabulary_size() const = 0;
  // "sentencepiece", "sentencepiece-vocabulary", "words", "characters" or "labels".
  virtual std::string kind() const = 0;
  // What is done to text before it is cut: one of TokenizerConfig::normalization, or another name that a model from elsewhere gives.
  virtual std::string normalization() const { return "identity"; }
  // Whether an id means the same in the other, however it cuts text into pieces.
  virtual bool has_vocabulary_of(const Tokenizer& other) const { return this == &other; }
  // The bytes that load_tokenizer() makes the same tokeniser from.
  virtual std::string serialized() const = 0;
};

// Settings of the recipe's data.tokenizer.
struct TokenizerConfig {
  // "sentencepiece-unigram" (Kudo 2018), "sentencepiece-bpe" (Sennrich et al. 2016), "words" (split at spaces), "characters".
  std::string kind = "sentencepiece-unigram";
  // Pieces in the vocabulary, special tokens included: 261 (5 without byte_fallback) to 1000000, for words and characters 5 to 10000000. An
  // upper bound: small texts give fewer.
  int64_t vocabulary_size = 8000;
  // One vocabulary for both sides (needed for three-way tied embeddings) or one per side.
  bool joint = true;
  // What is done to text before it is cut into pieces; it is not undone when pieces become text again (sentencepiece only; words and
  // characters take text as it is). By SentencePiece's names: "identity" (nothing but that runs of spaces become one), "nfkc" (also folds
  // compatibility forms: full-width letters, ligatures, a superscript 2 becomes 2), "nmt_nfkc" (also drops control characters and turns
  // zero-width characters, U+200B, U+200C, U+200E, U+200F, into spaces), "nfkc_cf" and "nmt_nfkc_cf" (also make letters lower case).
  //
  // The default keeps the text, so that a model can write whatever it was shown. "nmt_nfkc", SentencePiece's own default, breaks Persian
  // words at their joiners, takes the full-width punctuation out of Chinese and Japanese text, and turns "m2" with a superscript into
  // plain "m2", unasked. Text that mixes several forms of the same characters learns better with "nfkc"; attnzoo-data inspect counts what
  // a setting changes.
  std::string normalization = "identity";
  // Unknown characters become UTF-8 bytes instead of <unk> (sentencepiece only).
  bool byte_fallback = true;
  // Fraction of the text's characters that get pieces of their own, 0.98 to 1 (sentencepiece only).
  double character_coverage = 1.0;
  // Unknown words of a source get ids of their own, which a pointer-generator can copy (data/extended_vocabulary.h). Needs `joint`. Words
  // are unknown with "words", and with the others where the vocabulary or character_coverage omits some (never with byte_fallback).
  bool copy_unknown = false;
  // Sentences sampled for learning; bounds memory on large corpora.
  int64_t max_training_sentences = 1000000;

  static TokenizerConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;
};

// The tokenisers of a model.
struct TokenizerPair {
  std::shared_ptr<const Tokenizer> source, target;
  // One vocabulary for both sides: the same object twice, or two that cut text differently into the same pieces
  // (data/sentencepiece_vocabulary.h).
  bool joint() const { return source == target || source->has_vocabulary_of(*target); }
  // Hex digest over both vocabularies: stored in corpora and checkpoints to refuse a tokeniser of another model.
  std::string fingerprint() const;

  // Writes DIR/source.tokenizer and, unless one object is both, DIR/target.tokenizer.
  void save(const std::filesystem::path& directory) const;
  static TokenizerPair load(const std::filesystem::path& directory);  // throws DataError
};

// Learns a tokeniser from lines of text. Throws DataError for empty text or a vocabulary that cannot be made. What is returned was loaded
// from its own bytes: no tokeniser is trained with that cannot be read again.
std::shared_ptr<const Tokenizer> train_tokenizer(const TokenizerConfig& config, std::span<const std::string> lines);
// One entry for each different line, most frequent first: the target side of labelled text. White space around a label is no part of it.
// Throws DataError for a blank label.
std::shared_ptr<const Tokenizer> train_labels(std::span<const std::string> labels);
// The inverse of Tokenizer::serialized(). `where` names the file in messages.
std::shared_ptr<const Tokenizer> load_tokenizer(std::string_view serialized, const std::string& where);

}  // namespace attnzoo
