#include "data/sentencepiece_learning.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <regex>
#include <system_error>
#include <unordered_map>

#include "data/error.h"
#include "data/special_tokens.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

// Above the level of SentencePiece's errors: they come back as a status, and only a `main` prints.
constexpr char kSilent[] = "3";
// Normalisation turns one character into 18 at most (U+FDFA), and the BPE trainer's positions within a word hold 15 bits.
constexpr size_t kMaxRun = 1000;
// The unigram trainer holds places in its text, and how often a piece occurs times its length (16 at most), in 32 bits, unless asked to
// take 64, which doubles its memory.
constexpr size_t kMaxPlaces = size_t{1} << 30, kMaxOccurrences = (size_t{1} << 27) - 1;
constexpr std::string_view kReserved[] = {"\xE2\x96\x81", "\xE2\x96\x85"};

// The line as SentencePiece may see it.
std::string without_reserved(std::string_view line) {
  std::string text;
  size_t run = 0;
  for (size_t i = 0; i < line.size();) {
    const size_t length = std::max<size_t>(1, utf8_length(line, i));
    const auto character = line.substr(i, length);
    const bool reserved = std::find(std::begin(kReserved), std::end(kReserved), character) != std::end(kReserved);
    if (reserved || run == kMaxRun) {
      text += ' ';
      run = 0;
    }
    if (!reserved) text += character;
    run = character == " " || reserved ? 0 : run + 1;
    i += length;
  }
  return text;
}

bool needs_change(std::string_view line) {
  if (line.find("\xE2\x96") != std::string_view::npos) return true;
  for (size_t begin = 0; line.size() - begin > kMaxRun;) {
    const size_t space = line.substr(begin, kMaxRun + 1).rfind(' ');
    if (space == std::string_view::npos) return true;
    begin += space + 1;
  }
  return false;
}

class TrainingLines : public sentencepiece::SentenceIterator {
 public:
  explicit TrainingLines(std::span<const std::string> lines) : lines_(lines) { look(); }
  bool done() const override { return index_ == lines_.size(); }
  void Next() override {
    ++index_;
    look();
  }
  const std::string& value() const override { return changed_ ? text_ : lines_[index_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  void look() {
    changed_ = !done() && needs_change(lines_[index_]);
    if (changed_) text_ = without_reserved(lines_[index_]);
  }
  std::span<const std::string> lines_;
  size_t index_ = 0;
  bool changed_ = false;
  std::string text_;
};

struct TextSize {
  size_t num_bytes = 0;
  bool is_large = false;
};

TextSize measure(std::span<const std::string> lines) {
  std::array<size_t, 256> counts = {};  // no piece occurs more often than its most frequent byte
  TextSize size;
  for (const auto& line : lines) {
    size.num_bytes += line.size() + 1;
    for (const char byte : line) ++counts[static_cast<unsigned char>(byte)];
  }
  counts[' '] = 0;
  size.is_large = size.num_bytes > kMaxPlaces || *std::max_element(counts.begin(), counts.end()) > kMaxOccurrences;
  return size;
}

using Settings = std::unordered_map<std::string, std::string>;

Settings settings_of(const TokenizerConfig& config) {
  return {{"model_type", config.kind == "sentencepiece-bpe" ? "bpe" : "unigram"},
          {"vocab_size", fmt::format("{}", config.vocabulary_size)},
          {"hard_vocab_limit", "false"},
          {"byte_fallback", config.byte_fallback ? "true" : "false"},
          {"character_coverage", fmt::format("{}", config.character_coverage)},
          {"normalization_rule_name", config.normalization},
          {"pad_id", fmt::format("{}", kPadId)},
          {"unk_id", fmt::format("{}", kUnkId)},
          {"bos_id", fmt::format("{}", kBosId)},
          {"eos_id", fmt::format("{}", kEosId)},
          // Its default drops lines of more than 4192 bytes, which documents are.
          {"max_sentence_length", "1000000000"},
          // Sums of floats depend on how many threads share them: a fixed number, whatever the machine.
          {"num_threads", "16"},
          {"minloglevel", kSilent}};
}

// The unigram trainer ends the process where normalisation leaves nothing of all lines. A model of one letter normalises them alike.
void check_something_is_left(const TokenizerConfig& config, std::span<const std::string> lines) {
  TokenizerConfig smallest = config;
  smallest.kind = "sentencepiece-bpe";
  smallest.vocabulary_size = min_sentencepiece_vocabulary(config.byte_fallback) + 1;
  const std::vector<std::string> letter = {"a"};
  TrainingLines letter_lines(letter), text(lines);
  std::string model;
  auto status = sentencepiece::SentencePieceTrainer::Train(settings_of(smallest), &letter_lines, &model);
  sentencepiece::SentencePieceProcessor normalizer;
  if (status.ok()) status = normalizer.LoadFromSerializedProto(model);
  if (!status.ok()) fail<DataError>("tokeniser: SentencePiece refuses the settings of data.tokenizer: {}", status.message());
  std::vector<int> ids;
  for (; !text.done(); text.Next())
    if (normalizer.Encode(text.value(), &ids).ok() && !ids.empty()) return;
  fail<DataError>(
      "tokeniser: the text has {} lines, and none has a character left after data.tokenizer.normalization '{}'; learn from other text, or "
      "set it to identity",
      lines.size(), config.normalization);
}

[[noreturn]] void fail_to_learn(const TokenizerConfig& config, size_t num_lines, const std::string& reason) {
  std::smatch sizes;
  static const std::regex too_small("smaller than required_chars\\. ([0-9]+) vs ([0-9]+)");
  if (!std::regex_search(reason, sizes, too_small))
    fail<DataError>("tokeniser: SentencePiece cannot learn {} pieces from {} lines: {}", config.vocabulary_size, num_lines, reason);
  const int64_t needed = std::stoll(sizes[2]), besides = min_sentencepiece_vocabulary(config.byte_fallback) - 1;
  fail<DataError>(
      "data.tokenizer.vocabulary_size: must be at least {} for this text, got {}: it has {} different characters, and {} pieces are "
      "special tokens{}; raise it, or lower data.tokenizer.character_coverage ({}, at least {}) so that rare characters become {}",
      needed, config.vocabulary_size, needed - besides, besides, config.byte_fallback ? " and bytes" : "", config.character_coverage,
      kMinCharacterCoverage, config.byte_fallback ? "bytes" : "<unk>");
}

}  // namespace

int64_t min_sentencepiece_vocabulary(bool byte_fallback) { return kNumSpecialTokens + (byte_fallback ? 256 : 0) + 1; }

std::string learn_sentencepiece(const TokenizerConfig& config, std::span<const std::string> lines) {
  const int64_t min_size = min_sentencepiece_vocabulary(config.byte_fallback);
  if (config.vocabulary_size < min_size)  // SentencePiece would end the process
    fail<DataError>("data.tokenizer.vocabulary_size: must be {} or more, got {}", min_size, config.vocabulary_size);
  auto settings = settings_of(config);
  const TextSize size = measure(lines);
  if (size.is_large) settings["train_extremely_large_corpus"] = "true";
  std::string model;
  try {
    check_something_is_left(config, lines);
    TrainingLines text(lines);
    const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &text, &model);
    if (!status.ok()) fail_to_learn(config, lines.size(), status.message());
  } catch (const std::bad_alloc&) {
    fail<DataError>("tokeniser: not enough memory to learn from {} lines of {} bytes; lower data.tokenizer.max_training_sentences ({})",
                    lines.size(), size.num_bytes, config.max_training_sentences);
  } catch (const std::system_error& error) {
    fail<DataError>("tokeniser: SentencePiece cannot start its threads: {}; allow more processes (ulimit -u)", error.what());
  }
  return model;
}

}  // namespace attnzoo
