// Pieces by a SentencePiece model, ids by a list: the tokeniser of translation models that Marian trained (Junczys-Dowmunt et al. 2018),
// whose two sides share one vocabulary while each is cut into pieces by a model of its own.
//
// A text that begins with a language code that is in the list (">>fra<<", multilingual models) has that code as its first id.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer.h"

namespace attnzoo {

inline constexpr char kSentencePieceVocabularyKind[] = "sentencepiece-vocabulary";

// `model`: the bytes of an .spm file. `pieces`: those of the ids from kNumSpecialTokens on. Throws DataError beginning with `where`: what
// load_sentencepiece_model() refuses, a piece that is empty, listed twice or not UTF-8.
std::shared_ptr<const Tokenizer> make_sentencepiece_vocabulary(std::string_view model, std::vector<std::string> pieces,
                                                               const std::string& where);
// From the content that serialized() packs: the pieces as one line of JSON, then the model.
std::shared_ptr<const Tokenizer> load_sentencepiece_vocabulary(std::string_view content, const std::string& where);

// The bytes of the SentencePiece model in a tokeniser of this kind or of kind "sentencepiece"; empty for the others.
std::string sentencepiece_model_of(const Tokenizer& tokenizer);

}  // namespace attnzoo
