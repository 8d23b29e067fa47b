#include "data/sentencepiece_vocabulary.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/sentencepiece_model.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr const char* kMarkedPieces[kNumSpecialTokens] = {"<pad>", "<unk>", "<s>", "</s>"};
constexpr std::string_view kWordMark = "\xE2\x96\x81";  // U+2581, a space within a piece

// ">>fra<<" at the beginning of the text; empty without one.
std::string_view language_code(std::string_view text) {
  if (!text.starts_with(">>")) return {};
  const size_t end = text.find("<<");
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 2);
}

class SentencePieceVocabulary : public Tokenizer {
 public:
  SentencePieceVocabulary(std::string_view model, std::vector<std::string> pieces, const std::string& where)
      : content_(model), pieces_(std::move(pieces)), model_(load_sentencepiece_model(model, where)), processor_(*model_.processor) {
    if (static_cast<int64_t>(pieces_.size()) > kMaxSentencePieces)
      fail<DataError>("{}: damaged tokeniser: it lists {} pieces; at most {} are read", where, pieces_.size(), kMaxSentencePieces);
    ids_.reserve(pieces_.size());
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].empty()) fail<DataError>("{}: damaged tokeniser: piece {} of its list is empty", where, i);
      if (find_invalid_utf8(pieces_[i]) != std::string::npos)
        fail<DataError>("{}: damaged tokeniser: piece {} of its list is not valid UTF-8", where, i);
      if (!ids_.emplace(pieces_[i], static_cast<int32_t>(i) + kNumSpecialTokens).second)
        fail<DataError>("{}: damaged tokeniser: the piece '{}' is listed twice", where, pieces_[i]);
    }
  }

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    if (const auto code = ids_.find(std::string(language_code(text))); code != ids_.end() && !code->first.empty()) {
      ids.push_back(code->second);
      text.remove_prefix(code->first.size());
    }
    std::vector<std::string> pieces;
    const auto status = processor_.Encode(text, &pieces);
    if (!status.ok()) fail<DataError>("SentencePiece cannot encode a line: {}", status.message());
    for (const auto& piece : pieces) {
      const auto found = ids_.find(piece);
      ids.push_back(found == ids_.end() ? kUnkId : found->second);
    }
    return ids;
  }

  std::string decode(std::span<const int32_t> ids) const override {
    std::vector<std::string> pieces;
    for (const int32_t id : ids) {
      check_id(id);
      if (id >= kNumSpecialTokens)
        pieces.push_back(pieces_[static_cast<size_t>(id - kNumSpecialTokens)]);
      else if (id == kUnkId)
        pieces.push_back(std::string(kWordMark) + kUnknownText + std::string(kWordMark));
    }
    std::string text;
    const auto status = processor_.Decode(pieces, &text);
    if (!status.ok()) fail<DataError>("SentencePiece cannot decode ids: {}", status.message());
    // Pieces that the model lacks, those of the other side among them, come out as they are.
    for (size_t mark = text.find(kWordMark); mark != std::string::npos; mark = text.find(kWordMark, mark))
      text.replace(mark, kWordMark.size(), 1, ' ');
    const size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
    return begin == std::string::npos ? "" : text.substr(begin, end + 1 - begin);
  }

  std::string piece(int32_t id) const override {
    check_id(id);
    return id < kNumSpecialTokens ? kMarkedPieces[id] : pieces_[static_cast<size_t>(id - kNumSpecialTokens)];
  }
  int64_t vocabulary_size() const override { return static_cast<int64_t>(pieces_.size()) + kNumSpecialTokens; }
  std::string kind() const override { return kSentencePieceVocabularyKind; }
  std::string serialized() const override {
    return pack_tokenizer(kSentencePieceVocabularyKind, nlohmann::json(pieces_).dump() + "\n" + content_);
  }
  bool has_vocabulary_of(const Tokenizer& other) const override {
    const auto* same_kind = dynamic_cast<const SentencePieceVocabulary*>(&other);
    return same_kind != nullptr && same_kind->pieces_ == pieces_;
  }

  std::string normalization() const override { return model_.normalization; }

  const std::string& model() const { return content_; }

 private:
  void check_id(int32_t id) const {
    if (id < 0 || id >= vocabulary_size()) fail<DataError>("id {} is outside the vocabulary of {} pieces", id, vocabulary_size());
  }
  std::string content_;
  std::vector<std::string> pieces_;  // of id kNumSpecialTokens and up
  std::unordered_map<std::string, int32_t> ids_;
  SentencePieceModel model_;
  const sentencepiece::SentencePieceProcessor& processor_;
};

}  // namespace

std::shared_ptr<const Tokenizer> make_sentencepiece_vocabulary(std::string_view model, std::vector<std::string> pieces,
                                                               const std::string& where) {
  return std::make_shared<SentencePieceVocabulary>(model, std::move(pieces), where);
}

std::shared_ptr<const Tokenizer> load_sentencepiece_vocabulary(std::string_view content, const std::string& where) {
  const size_t line_end = content.find('\n');
  nlohmann::json pieces;
  try {
    if (line_end != std::string_view::npos) pieces = parse_json(content.substr(0, line_end), where);
  } catch (const Error&) {
  }
  const bool is_list = pieces.is_array() && std::all_of(pieces.begin(), pieces.end(), [](const auto& piece) { return piece.is_string(); });
  if (!is_list) fail<DataError>("{}: damaged tokeniser: it does not begin with the list of its pieces", where);
  return make_sentencepiece_vocabulary(content.substr(line_end + 1), pieces.get<std::vector<std::string>>(), where);
}

std::string sentencepiece_model_of(const Tokenizer& tokenizer) {
  if (const auto* vocabulary = dynamic_cast<const SentencePieceVocabulary*>(&tokenizer)) return vocabulary->model();
  return tokenizer.kind() == kSentencePieceKind ? unpack_tokenizer(tokenizer.serialized(), "the tokeniser").content : "";
}

}  // namespace attnzoo
