#include "data/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>

#include "data/error.h"
#include "data/sentencepiece_learning.h"
#include "data/sentencepiece_model.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"

// libsentencepiece and LibTorch's libc10 both define FLAGS_minloglevel: the one an object of 32 bytes, the other an int. The dynamic linker
// gives both libraries the first one that it finds; where that is the int, SentencePiece writes over what stands behind it, a mutex that
// the first run of TorchScript then waits for without end. A definition in the program comes before both, and this one is large enough for
// either.
alignas(64) char FLAGS_minloglevel[256];

namespace attnzoo {
namespace {

// SentencePiece writes a space within a piece as U+2581, and U+2585 stands in no piece. Both have three bytes in UTF-8.
constexpr std::string_view kSpaceMark = "\xE2\x96\x81", kNeverInPiece = "\xE2\x96\x85";

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(std::string_view content, const std::string& where)
      : content_(content), model_(load_sentencepiece_model(content, where)), processor_(*model_.processor) {
    if (processor_.pad_id() != kPadId || processor_.unk_id() != kUnkId || processor_.bos_id() != kBosId || processor_.eos_id() != kEosId)
      fail<DataError>("{}: its special tokens <pad>, <unk>, <s>, </s> have ids {}, {}, {}, {}; attnzoo needs {}, {}, {}, {}", where,
                      processor_.pad_id(), processor_.unk_id(), processor_.bos_id(), processor_.eos_id(), kPadId, kUnkId, kBosId, kEosId);
  }

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    if (text.find(kSpaceMark) != std::string_view::npos && !model_.has_rules) return encode_space_marks(text);
    const auto status = processor_.Encode(text, &ids);
    if (!status.ok()) fail<DataError>("SentencePiece cannot encode a line: {}", status.message());
    return ids;
  }

  std::vector<std::string> unknown_words(std::string_view text) const override {
    std::vector<std::string> words;
    const std::string given = model_.has_rules ? std::string(text) : without_space_marks(text);
    const auto encoded = processor_.EncodeAsImmutableProto(given);  // its pieces point into it
    for (const auto& piece : encoded.pieces())
      if (static_cast<int32_t>(piece.id()) == kUnkId) words.emplace_back(text.substr(piece.begin(), piece.end() - piece.begin()));
    return words;
  }

  std::string decode(std::span<const int32_t> ids) const override { return decode_with(ids, {}); }

  std::string decode_with(std::span<const int32_t> ids, std::span<const std::string> unknown) const override {
    std::vector<int32_t> kept;
    kept.reserve(ids.size());
    for (const int32_t id : ids) {
      check_id(id);
      if (id >= kNumSpecialTokens || id == kUnkId) kept.push_back(id);
    }
    std::string text;
    if (unknown.empty()) {
      const auto status = processor_.Decode(kept, &text);
      if (!status.ok()) fail<DataError>("SentencePiece cannot decode ids: {}", status.message());
      return text;
    }
    const auto decoded = processor_.DecodeIdsAsImmutableProto(kept);  // its pieces point into it
    size_t next = 0;
    for (const auto& piece : decoded.pieces()) {
      const bool named = static_cast<int32_t>(piece.id()) == kUnkId && next < unknown.size() && !unknown[next].empty();
      text += named ? unknown[next] : std::string(piece.surface());
      next += static_cast<int32_t>(piece.id()) == kUnkId;
    }
    return text;
  }

  std::string piece(int32_t id) const override {
    check_id(id);
    return processor_.IdToPiece(id);
  }
  int64_t vocabulary_size() const override { return processor_.GetPieceSize(); }
  std::string kind() const override { return kSentencePieceKind; }
  std::string normalization() const override { return model_.normalization; }
  std::string serialized() const override { return pack_tokenizer(kSentencePieceKind, content_); }

 private:
  void check_id(int32_t id) const {
    if (id < 0 || id >= vocabulary_size()) fail<DataError>("id {} is outside the vocabulary of {} pieces", id, vocabulary_size());
  }

  static std::string without_space_marks(std::string_view text) {
    std::string given(text);
    for (size_t at = given.find(kSpaceMark); at != std::string::npos; at = given.find(kSpaceMark, at))
      given.replace(at, kSpaceMark.size(), kNeverInPiece);
    return given;
  }

  // U+2581 that stands in the text would come back as a space: it is spelt in bytes, as every character is that no piece holds.
  std::vector<int32_t> encode_space_marks(std::string_view text) const {
    std::vector<int32_t> ids;
    const auto encoded = processor_.EncodeAsImmutableProto(without_space_marks(text));  // its pieces point into it
    for (const auto& piece : encoded.pieces()) {
      const bool last_byte = model_.first_byte_piece >= 0 && text.substr(piece.begin(), piece.end() - piece.begin()) == kSpaceMark;
      ids.push_back(last_byte ? model_.first_byte_piece + 0x81 : static_cast<int32_t>(piece.id()));
    }
    return ids;
  }

  std::string content_;
  SentencePieceModel model_;
  const sentencepiece::SentencePieceProcessor& processor_;
};

}  // namespace

std::shared_ptr<const Tokenizer> train_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines) {
  return load_sentencepiece(learn_sentencepiece(config, lines), "the tokeniser just learned");
}

std::shared_ptr<const Tokenizer> load_sentencepiece(std::string_view content, const std::string& where) {
  return std::make_shared<SentencePieceTokenizer>(content, where);
}

}  // namespace attnzoo
