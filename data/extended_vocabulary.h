// Words that the vocabulary lacks, as a pointer-generator sees them (the extended vocabulary of See et al. 2017, 2.2): with a vocabulary of
// V pieces, an unknown word has the id V + s, where s is the first position of the source at which it stands. So a target can name
// unknown words of its source, and they can be written out again.
#pragma once

#include <cstdint>
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
  ExtendedSource(const Tokenizer& tokenizer, std::string_view text);
  const std::vector<int32_t>& ids() const { return ids_; }
  // The ids of a target: unknown words that the source has too get its id, others stay <unk>.
  std::vector<int32_t> encode_target(std::string_view text) const;
  // As Tokenizer::decode() and piece(), for extended ids as well.
  std::string decode(std::span<const int32_t> ids) const;
  std::string piece(int32_t id) const;

 private:
  // Replaces <unk> in `ids` by what `id_of` says of its text.
  template <class IdOf>
  void extend(std::string_view text, std::vector<int32_t>& ids, const IdOf& id_of) const;

  const Tokenizer& tokenizer_;
  std::vector<int32_t> ids_;
  std::map<std::string, int32_t> id_of_word_;
  std::map<int32_t, std::string> word_of_id_;
};

}  // namespace attnzoo
