// The ids that every vocabulary starts with, whatever the tokeniser. They are part of the checkpoint
// and corpus formats: do not change them.
#pragma once

#include <cstdint>

namespace attnzoo {

inline constexpr int32_t kPadId = 0;  // fills a batch; no model output depends on it
inline constexpr int32_t kUnkId = 1;  // a piece that the vocabulary lacks
inline constexpr int32_t kBosId = 2;  // the decoder's first input
inline constexpr int32_t kEosId = 3;  // ends every source and every target
inline constexpr int32_t kNumSpecialTokens = 4;

inline constexpr char kUnknownText[] = "\xE2\x81\x87";  // U+2047: how <unk> is shown in text

}  // namespace attnzoo
