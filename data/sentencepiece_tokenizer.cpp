#include "data/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <unordered_map>

#include "data/error.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"

// libsentencepiece and LibTorch's libc10 both define FLAGS_minloglevel: the one an object of 32 bytes, the other an int. The dynamic linker
// gives both libraries the first one that it finds; where that is the int, SentencePiece writes over what stands behind it, a mutex that
// the first run of TorchScript then waits for without end. A definition in the program comes before both, and this one is large enough for
// either.
alignas(64) char FLAGS_minloglevel[256];

namespace attnzoo {
namespace {

// Above the level of SentencePiece's errors: they come back as a status, and only a `main` prints.
constexpr char kSilent[] = "3";

class LineIterator : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(std::span<const std::string> lines) : lines_(lines) {}
  bool done() const override { return index_ == lines_.size(); }
  void Next() override { ++index_; }
  const std::string& value() const override { return lines_[index_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::span<const std::string> lines_;
  size_t index_ = 0;
};

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(std::string_view model, const std::string& where) : model_(model) {
    const auto status = processor_.LoadFromSerializedProto(model_);
    if (!status.ok()) fail<DataError>("{}: damaged tokeniser: SentencePiece cannot load its model ({})", where, status.message());
    if (processor_.pad_id() != kPadId || processor_.unk_id() != kUnkId || processor_.bos_id() != kBosId || processor_.eos_id() != kEosId)
      fail<DataError>("{}: its special tokens <pad>, <unk>, <s>, </s> have ids {}, {}, {}, {}; attnzoo needs {}, {}, {}, {}", where,
                      processor_.pad_id(), processor_.unk_id(), processor_.bos_id(), processor_.eos_id(), kPadId, kUnkId, kBosId, kEosId);
  }

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    const auto status = processor_.Encode(text, &ids);
    if (!status.ok()) fail<DataError>("SentencePiece cannot encode a line: {}", status.message());
    return ids;
  }

  std::vector<std::string> unknown_words(std::string_view text) const override {
    std::vector<std::string> words;
    const auto encoded = processor_.EncodeAsImmutableProto(text);  // its pieces point into it
    for (const auto& piece : encoded.pieces())
      if (static_cast<int32_t>(piece.id()) == kUnkId) words.push_back(piece.surface());
    return words;
  }

  std::string decode(std::span<const int32_t> ids) const override {
    std::vector<int32_t> kept;
    kept.reserve(ids.size());
    for (const int32_t id : ids) {
      check_id(id);
      if (id >= kNumSpecialTokens || id == kUnkId) kept.push_back(id);
    }
    std::string text;
    const auto status = processor_.Decode(kept, &text);
    if (!status.ok()) fail<DataError>("SentencePiece cannot decode ids: {}", status.message());
    return text;
  }

  std::string piece(int32_t id) const override {
    check_id(id);
    return processor_.IdToPiece(id);
  }
  int64_t vocabulary_size() const override { return processor_.GetPieceSize(); }
  std::string kind() const override { return kSentencePieceKind; }
  std::string serialized() const override { return pack_tokenizer(kSentencePieceKind, model_); }

 private:
  void check_id(int32_t id) const {
    if (id < 0 || id >= vocabulary_size()) fail<DataError>("id {} is outside of the vocabulary of {} pieces", id, vocabulary_size());
  }
  std::string model_;
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

int64_t min_sentencepiece_vocabulary(bool byte_fallback) { return kNumSpecialTokens + (byte_fallback ? 256 : 0) + 1; }

std::shared_ptr<const Tokenizer> train_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines) {
  const int64_t min_size = min_sentencepiece_vocabulary(config.byte_fallback);
  if (config.vocabulary_size < min_size)  // SentencePiece would end the process
    fail<DataError>("tokeniser: vocabulary_size must be {} or more, got {}", min_size, config.vocabulary_size);
  const std::unordered_map<std::string, std::string> settings = {
      {"model_type", config.kind == "sentencepiece-bpe" ? "bpe" : "unigram"},
      {"vocab_size", fmt::format("{}", config.vocabulary_size)},
      {"hard_vocab_limit", "false"},
      {"byte_fallback", config.byte_fallback ? "true" : "false"},
      {"character_coverage", fmt::format("{}", config.character_coverage)},
      {"pad_id", fmt::format("{}", kPadId)},
      {"unk_id", fmt::format("{}", kUnkId)},
      {"bos_id", fmt::format("{}", kBosId)},
      {"eos_id", fmt::format("{}", kEosId)},
      // Its default drops lines of more than 4192 bytes, which documents are.
      {"max_sentence_length", "1000000000"},
      // Sums of floats depend on how many threads share them: a fixed number, whatever the machine.
      {"num_threads", "16"},
      {"minloglevel", kSilent}};
  LineIterator iterator(lines);
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &iterator, &model);
  if (!status.ok())
    fail<DataError>(
        "tokeniser: SentencePiece cannot learn {} pieces from {} lines: {}; a larger data.tokenizer.vocabulary_size or a smaller "
        "character_coverage helps where the text has many different characters",
        config.vocabulary_size, lines.size(), status.message());
  return std::make_shared<SentencePieceTokenizer>(model, "the tokeniser just learned");
}

std::shared_ptr<const Tokenizer> load_sentencepiece(std::string_view content, const std::string& where) {
  return std::make_shared<SentencePieceTokenizer>(content, where);
}

}  // namespace attnzoo
