#include "data/extended_vocabulary.h"

#include <algorithm>

#include "data/special_tokens.h"

namespace attnzoo {
template <class IdOf>
void ExtendedSource::extend(std::string_view text, std::vector<int32_t>& ids, const IdOf& id_of) const {
  const auto num_unknown = static_cast<size_t>(std::count(ids.begin(), ids.end(), kUnkId));
  if (num_unknown == 0) return;
  const auto words = tokenizer_.unknown_words(text);
  if (words.size() < num_unknown) return;  // more, where the ids are those of the text's beginning
  size_t next = 0;
  for (size_t s = 0; s < ids.size(); ++s)
    if (ids[s] == kUnkId) ids[s] = id_of(words[next++], s);
}

ExtendedSource::ExtendedSource(const Tokenizer& tokenizer, std::string_view text, int64_t max_tokens)
    : tokenizer_(tokenizer), ids_(tokenizer.encode(text)) {
  was_cut_ = static_cast<int64_t>(ids_.size()) > max_tokens;
  if (was_cut_) ids_.resize(static_cast<size_t>(max_tokens));
  const auto first_extended = static_cast<int32_t>(tokenizer.vocabulary_size());
  extend(text, ids_, [&](const std::string& word, size_t s) {
    return id_of_word_.emplace(word, first_extended + static_cast<int32_t>(s)).first->second;
  });
  for (const auto& [word, id] : id_of_word_) word_of_id_[id] = word;
}

std::vector<int32_t> ExtendedSource::encode_target(std::string_view text) const {
  auto ids = tokenizer_.encode(text);
  extend(text, ids, [&](const std::string& word, size_t) {
    const auto found = id_of_word_.find(word);
    return found == id_of_word_.end() ? kUnkId : found->second;
  });
  return ids;
}

std::string ExtendedSource::decode(std::span<const int32_t> ids) const {
  std::vector<int32_t> known(ids.begin(), ids.end());
  std::vector<std::string> words;
  for (auto& id : known) {
    if (id != kUnkId && id < tokenizer_.vocabulary_size()) continue;
    words.push_back(id == kUnkId ? std::string() : piece(id));
    id = kUnkId;
  }
  return tokenizer_.decode_with(known, words);
}

std::string ExtendedSource::piece(int32_t id) const {
  if (id < tokenizer_.vocabulary_size()) return tokenizer_.piece(id);
  const auto found = word_of_id_.find(id);
  return found == word_of_id_.end() ? std::string(kUnknownText) : found->second;
}

void forget_words_past(int64_t source_length, int64_t vocabulary_size, std::span<int32_t> target) {
  for (int32_t& id : target)
    if (id >= vocabulary_size + source_length) id = kUnkId;
}

}  // namespace attnzoo
