// Tokenisers whose vocabulary is a plain list: words (text split at ASCII spaces), characters (Unicode code points), and labels (a whole
// line).
//
// Entries are ordered by frequency, equal ones by their bytes; ids begin after the special tokens. What the list lacks becomes <unk>.
// Text is taken as it is: no case folding, no normalisation; white space around a label alone is dropped. Words that look like special
// tokens ("</s>") are words.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "data/tokenizer.h"

namespace attnzoo {

inline constexpr char kWordsKind[] = "words";            // decode() joins with one space
inline constexpr char kCharactersKind[] = "characters";  // decode() joins with nothing; an invalid UTF-8 byte counts as a character
inline constexpr char kLabelsKind[] = "labels";          // one id per line

// A label without the white space around it, which comes from the file that it was read from; empty for a blank one.
std::string_view trimmed_label(std::string_view text);

// `kind` is one of the three above. At most `vocabulary_size` ids, special tokens included. Throws DataError for a blank label.
std::shared_ptr<const Tokenizer> train_vocabulary(const std::string& kind, int64_t vocabulary_size, std::span<const std::string> lines);
// From the content that serialized() packs. Throws DataError beginning with `where`.
std::shared_ptr<const Tokenizer> load_vocabulary(const std::string& kind, std::string_view content, const std::string& where);

}  // namespace attnzoo
