// A name that recipes and checkpoints of earlier versions give a field of a part.
#pragma once

#include <string>

namespace attnzoo {

struct FieldAlias {
  std::string name, canonical;
};

}  // namespace attnzoo
