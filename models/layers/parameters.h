// Where modules make their parameters and buffers: torch::empty({rows, columns}, parameter_options()).
#pragma once

#include <torch/types.h>

namespace attnzoo {

// Single precision on the CPU; on the device `meta`, which has shapes and no memory, while a ShapesOnly exists in this thread.
torch::TensorOptions parameter_options();

// A model built while this exists has the names and shapes of its parameters but not their values: it takes no memory for them, no
// time to draw them, and nothing from the random generator. Only its shapes may be used.
class ShapesOnly {
 public:
  ShapesOnly();
  ~ShapesOnly();
  ShapesOnly(const ShapesOnly&) = delete;
  ShapesOnly& operator=(const ShapesOnly&) = delete;

 private:
  bool before_;
};

}  // namespace attnzoo
