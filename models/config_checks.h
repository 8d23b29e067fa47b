// Range checks that the configurations of parts share.
#pragma once

#include <cstdint>

#include "data/json_fields.h"

namespace attnzoo {

// Notes "must be at least 1, got 0".
void check_at_least_one(FieldReader& reader, const char* key, int64_t value);
// Notes "must be in [0, 1), got 1.5".
void check_fraction(FieldReader& reader, const char* key, double value);

}  // namespace attnzoo
