// SentencePiece follows the offsets in a model's normalisation rules (NormalizerSpec.precompiled_charsmap) unchecked: those of a damaged
// file lead out of memory. Whoever reads a model from elsewhere looks them through first.
#pragma once

#include <string>
#include <string_view>

namespace attnzoo {

// `model`: the bytes of an .spm file. The rules are a double array of 32 bits a unit (Aoe 1989, in Darts-clone's form) and the texts that
// its values point to. Throws DataError beginning with `where` for a place that can be reached and lies outside; what else is wrong with a
// model SentencePiece says itself.
void check_sentencepiece_charsmap(std::string_view model, const std::string& where);

}  // namespace attnzoo
