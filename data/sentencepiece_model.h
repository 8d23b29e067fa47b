// The one way to a SentencePiece model (an .spm file): its bytes may be a stranger's, and SentencePiece trusts them. They are checked here
// first, field by field, and only then given to SentencePiece.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace attnzoo {

// SentencePiece's trainer starts from at most this many pieces.
inline constexpr int64_t kMaxSentencePieces = 1000000;

// What is read of a model besides SentencePiece's own reading.
struct SentencePieceModel {
  std::unique_ptr<const sentencepiece::SentencePieceProcessor> processor;
  std::string normalization;      // the name of its rules: "identity", "nmt_nfkc", "user_defined"
  bool has_rules = false;         // text is changed before it is cut into pieces
  int32_t first_byte_piece = -1;  // the id of "<0x00>", those of the other bytes follow; -1 without byte_fallback
};

// Throws DataError beginning with `where` for a model that is damaged, too large (64 MiB, kMaxSentencePieces, 1024 bytes per piece), of
// another kind than unigram or BPE, or one that would lead SentencePiece out of its memory.
SentencePieceModel load_sentencepiece_model(std::string_view model, const std::string& where);

}  // namespace attnzoo
