// All encoders, decoders and families. Each folder adds its own through a function add_FOLDER in FOLDER/families.cpp, listed in zoo.cpp.
#pragma once

#include <vector>

#include "models/parts.h"
#include "models/registry.h"

namespace attnzoo {

struct Zoo {
  std::vector<EncoderKind> encoders;
  std::vector<DecoderKind> decoders;
  std::vector<ModelFamily> families;
};

const Zoo& zoo();

}  // namespace attnzoo
