// SentencePiece follows the offsets in a model's normalisation rules (NormalizerSpec.precompiled_charsmap) unchecked, and keeps at most 32
// rules that begin one another in an array on the stack: hostile rules lead out of memory.
#pragma once

#include <string_view>

namespace attnzoo {

// `charsmap`: the length of a double array in bytes (32 bits), the array (32 bits per unit, Aoe 1989 in Darts-clone's form), and the texts
// that its values point to. False unless every place that a text can lead to lies inside, no path through the array is a circle, at most 32
// rules begin one another, and no rule writes more than 256 bytes.
bool is_sound_charsmap(std::string_view charsmap);

}  // namespace attnzoo
