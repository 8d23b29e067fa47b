// All encoders, decoders, and the families made of them. Each folder that has some adds them in a function add_FOLDER in
// FOLDER/families.cpp; zoo.cpp lists the folders.
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
