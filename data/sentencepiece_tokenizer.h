// SentencePiece behind the Tokenizer interface. Runs of spaces become one space, those at the ends are dropped; what else is changed before
// text is cut into pieces is up to the model's normalisation rules (TokenizerConfig::normalization), so decode(encode(text)) is the
// normalised text.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "data/tokenizer.h"

namespace attnzoo {

inline constexpr char kSentencePieceKind[] = "sentencepiece";

// `config.kind` is "sentencepiece-unigram" or "sentencepiece-bpe". Throws what learn_sentencepiece() throws.
std::shared_ptr<const Tokenizer> train_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines);
// From the content that serialized() packs. Throws DataError beginning with `where`.
std::shared_ptr<const Tokenizer> load_sentencepiece(std::string_view content, const std::string& where);

}  // namespace attnzoo
