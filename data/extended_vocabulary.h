// Words that the vocabulary lacks, as a pointer-generator sees them (the extended vocabulary of See et al. 2017, 2.2): with a vocabulary of
// V pieces, an unknown word has the id V + s, where s is its first position in the source. So a target can name unknown words of its
// source, and they can be written out again.
//
// A model has logits for V + (source length) ids. So a source is cut first and its words are named then: what stands only past the cut is
// <unk> for the target as well.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer.h"

namespace attnzoo {

// One source text under a joint vocabulary. The tokeniser must outlive it.
class ExtendedSource {
 public:
  // The first `max_tokens` tokens of the text.
  ExtendedSource(const Tokenizer& tokenizer, std::string_view text, int64_t max_tokens = std::numeric_limits<int64_t>::max());
  const std::vector<int32_t>& ids() const { return ids_; }
  // Whether the text has more tokens than that.
  bool was_cut() const { return was_cut_; }
  // The ids of a target: unknown words that ids() has too get their id, others stay <unk>.
  std::vector<int32_t> encode_target(std::string_view text) const;
  // As Tokenizer::decode() and piece(), for extended ids as well.
  std::string decode(std::span<const int32_t> ids) const;
  std::string piece(int32_t id) const;

 private:
  // Replaces <unk> in `ids` by what `id_of` gives for its text.
  template <class IdOf>
  void extend(std::string_view text, std::vector<int32_t>& ids, const IdOf& id_of) const;

  const Tokenizer& tokenizer_;
  std::vector<int32_t> ids_;
  bool was_cut_ = false;
  std::map<std::string, int32_t> id_of_word_;
  std::map<int32_t, std::string> word_of_id_;
};

// The ids of a target whose source was cut to `source_length` tokens after both were encoded: as encode_target() of the cut source gives
// them.
void forget_words_past(int64_t source_length, int64_t vocabulary_size, std::span<int32_t> target);

}  // namespace attnzoo
