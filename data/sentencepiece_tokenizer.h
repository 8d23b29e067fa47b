// SentencePiece behind the Tokenizer interface: unigram language model (Kudo 2018, arXiv:1804.10959) and byte-pair encoding (Sennrich et
// al. 2016, arXiv:1508.07909), trained in the process. Text is normalised with SentencePiece's default rules (nmt_nfkc: NFKC, runs of
// white space become one space), so decode(encode(text)) is the normalised text.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "data/tokenizer.h"

namespace attnzoo {

inline constexpr char kSentencePieceKind[] = "sentencepiece";

// The smallest vocabulary that SentencePiece can be asked for: special tokens, all 256 bytes with byte_fallback, and one piece.
int64_t min_sentencepiece_vocabulary(bool byte_fallback);

// `config.kind` is "sentencepiece-unigram" or "sentencepiece-bpe". The same text and settings give the same bytes on every machine.
// Throws DataError when the text has more different characters than fit.
std::shared_ptr<const Tokenizer> train_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines);
// From the content that serialized() packs. Throws DataError beginning with `where`.
std::shared_ptr<const Tokenizer> load_sentencepiece(std::string_view content, const std::string& where);

}  // namespace attnzoo
