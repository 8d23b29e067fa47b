// All there is: encoders, decoders, and the families made of them. Each folder with a part or a family brings its own by a function
// add_FOLDER in FOLDER/families.cpp, named in the list in zoo.cpp.
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
