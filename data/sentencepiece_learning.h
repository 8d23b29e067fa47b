// Learning a SentencePiece model: unigram (Kudo 2018, arXiv:1804.10959) or byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909).
// SentencePiece's trainer ends the process where it meets what it does not expect; nothing of that kind reaches it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/tokenizer.h"

namespace attnzoo {

// What SentencePiece accepts.
inline constexpr double kMinCharacterCoverage = 0.98;
inline const std::vector<std::string> kNormalizations = {"identity", "nfkc", "nmt_nfkc", "nfkc_cf", "nmt_nfkc_cf"};

// The smallest vocabulary that SentencePiece can be asked for: special tokens, all 256 bytes with byte_fallback, and one piece.
int64_t min_sentencepiece_vocabulary(bool byte_fallback);

// The bytes of the model that `config` describes; the same text and settings give the same bytes on every machine. Within a line, what
// SentencePiece reserves (U+2581, U+2585) counts as a space, and so does every place where 1000 characters stand without one: its BPE
// trainer cannot hold a word of more than 32768. Throws DataError: no text is left after normalisation, the text has more different
// characters than the vocabulary has room for, memory runs out.
std::string learn_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines);

}  // namespace attnzoo
