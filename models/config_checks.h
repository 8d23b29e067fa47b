// Range checks that the configurations of parts share.
#pragma once

#include <cstdint>

#include "data/json_fields.h"

namespace attnzoo {

// Upper bounds, far above those of published models: a larger number is a slip or an attack, and would only end in exhausted memory.
inline constexpr int64_t kMaxWidth = 65536;         // of layers and embeddings; heads divide a width
inline constexpr int64_t kMaxLayers = 1000;         // of one stack
inline constexpr int64_t kMaxDistance = 1'000'000;  // between positions: windows

// Notes "must be at most 1000, got 1000000000". The bound is kMaxLayers for "layers", kMaxDistance for windows, else kMaxWidth.
void check_at_most(FieldReader& reader, const char* key, int64_t value);
// Notes "must be at least 1, got 0", or what check_at_most() notes.
void check_at_least_one(FieldReader& reader, const char* key, int64_t value);
// Notes "must be in [0, 1), got 1.5".
void check_fraction(FieldReader& reader, const char* key, double value);

}  // namespace attnzoo
