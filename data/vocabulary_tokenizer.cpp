#include "data/vocabulary_tokenizer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "data/error.h"
#include "data/special_tokens.h"
#include "data/tokenizer_bytes.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kMaxEntries = 10000000;
constexpr const char* kSpecialPieces[kNumSpecialTokens] = {"<pad>", "<unk>", "<s>", "</s>"};

// What an entry is: a word between spaces, a character, or a whole line.
enum class Unit { kWord, kCharacter, kLine };
Unit unit_of(const std::string& kind) { return kind == kWordsKind ? Unit::kWord : kind == kLabelsKind ? Unit::kLine : Unit::kCharacter; }

// Calls take(part) for each unit of the text, in order.
template <class Take>
void split(Unit unit, std::string_view text, Take take) {
  if (unit == Unit::kLine) return take(text);
  const bool words = unit == Unit::kWord;
  for (size_t begin = 0; begin < text.size();) {
    if (words && text[begin] == ' ') {
      ++begin;
      continue;
    }
    const size_t end = words ? std::min(text.find(' ', begin), text.size()) : begin + std::max<size_t>(1, utf8_length(text, begin));
    take(text.substr(begin, end - begin));
    begin = end;
  }
}

// Entries are found by a view of the text, without making a string of each word.
struct ViewHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, ViewHash, std::equal_to<>>;

class VocabularyTokenizer : public Tokenizer {
 public:
  VocabularyTokenizer(std::string kind, std::vector<std::string> entries)
      : kind_(std::move(kind)), unit_(unit_of(kind_)), entries_(std::move(entries)) {
    ids_.reserve(entries_.size());
    for (size_t i = 0; i < entries_.size(); ++i) ids_.emplace(entries_[i], static_cast<int32_t>(i) + kNumSpecialTokens);
  }

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    split(unit_, text, [&](std::string_view part) {
      auto found = ids_.find(part);
      if (found == ids_.end() && unit_ == Unit::kLine) found = ids_.find(trimmed_label(part));
      ids.push_back(found == ids_.end() ? kUnkId : found->second);
    });
    return ids;
  }

  std::vector<std::string> unknown_words(std::string_view text) const override {
    std::vector<std::string> words;
    split(unit_, text, [&](std::string_view part) {
      if (ids_.find(part) == ids_.end()) words.emplace_back(part);
    });
    return words;
  }

  std::string decode(std::span<const int32_t> ids) const override { return decode_with(ids, {}); }

  std::string decode_with(std::span<const int32_t> ids, std::span<const std::string> unknown) const override {
    std::string text;
    bool first = true;
    size_t next = 0;
    for (const int32_t id : ids) {
      check_id(id);
      if (id < kNumSpecialTokens && id != kUnkId) continue;
      if (unit_ == Unit::kWord && !first) text += ' ';
      if (id != kUnkId) {
        text += entries_[static_cast<size_t>(id - kNumSpecialTokens)];
      } else {
        text += next < unknown.size() && !unknown[next].empty() ? unknown[next] : kUnknownText;
        ++next;
      }
      first = false;
    }
    return text;
  }

  std::string piece(int32_t id) const override {
    check_id(id);
    return id < kNumSpecialTokens ? kSpecialPieces[id] : entries_[static_cast<size_t>(id - kNumSpecialTokens)];
  }
  int64_t vocabulary_size() const override { return static_cast<int64_t>(entries_.size()) + kNumSpecialTokens; }
  std::string kind() const override { return kind_; }
  std::string serialized() const override {
    std::string content;
    for (const std::string& entry : entries_) content += entry + '\n';
    return pack_tokenizer(kind_, content);
  }
  bool has_repeated_entries() const { return ids_.size() != entries_.size(); }

 private:
  void check_id(int32_t id) const {
    if (id < 0 || id >= vocabulary_size()) fail<DataError>("id {} is outside the vocabulary of {} {}", id, vocabulary_size(), kind_);
  }
  std::string kind_;
  Unit unit_;
  std::vector<std::string> entries_;  // of id kNumSpecialTokens and up
  ByText<int32_t> ids_;
};

}  // namespace

std::string_view trimmed_label(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\v\f"), end = text.find_last_not_of(" \t\r\v\f");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, end + 1 - begin);
}

std::shared_ptr<const Tokenizer> train_vocabulary(const std::string& kind, int64_t vocabulary_size, std::span<const std::string> lines) {
  ByText<int64_t> counts;
  for (const std::string& line : lines) {
    split(unit_of(kind), line, [&](std::string_view part) {
      if (part.find('\n') != std::string_view::npos) return;  // cannot be listed: the list is written one entry per line
      if (kind == kLabelsKind) {
        part = trimmed_label(part);
        if (part.empty()) fail<DataError>("tokeniser: a label is blank; drop such lines with data.clean.empty");
      }
      const auto found = counts.find(part);
      if (found == counts.end()) {
        counts.emplace(part, 1);
      } else {
        ++found->second;
      }
    });
  }
  std::vector<std::pair<std::string, int64_t>> ranked(counts.begin(), counts.end());
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  std::vector<std::string> entries;
  for (auto& [entry, count] : ranked) {
    if (static_cast<int64_t>(entries.size()) + kNumSpecialTokens >= vocabulary_size) break;
    entries.push_back(std::move(entry));
  }
  return std::make_shared<VocabularyTokenizer>(kind, std::move(entries));
}

std::shared_ptr<const Tokenizer> load_vocabulary(const std::string& kind, std::string_view content, const std::string& where) {
  std::vector<std::string> entries;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = content.find('\n', begin);
    if (end == std::string_view::npos || end == begin)
      fail<DataError>("{}: damaged tokeniser: entry {} is empty or has no line end", where, entries.size());
    if (entries.size() == kMaxEntries) fail<DataError>("{}: damaged tokeniser: it has more than {} entries", where, kMaxEntries);
    entries.emplace_back(content.substr(begin, end - begin));
    if (find_invalid_utf8(entries.back()) != std::string_view::npos)
      fail<DataError>("{}: damaged tokeniser: entry {} is not valid UTF-8", where, entries.size() - 1);
    if (kind == "words" && entries.back().find(' ') != std::string::npos)
      fail<DataError>("{}: damaged tokeniser: entry {} holds a space, which no word does", where, entries.size() - 1);
    begin = end + 1;
  }
  auto tokenizer = std::make_shared<VocabularyTokenizer>(kind, std::move(entries));
  if (tokenizer->has_repeated_entries()) fail<DataError>("{}: damaged tokeniser: an entry is listed twice", where);
  return tokenizer;
}

}  // namespace attnzoo
