// Where modules make their parameters and buffers.
#pragma once

#include <torch/types.h>

namespace attnzoo {

// What the parameters of a model hold when it is built.
enum class InitialValues {
  kDrawn,       // those to start training from
  kUndrawn,     // anything: weights are loaded at once. Nothing is drawn, and pages that are never written take no memory.
  kShapesOnly,  // none: they are on the device `meta`, and only their names and shapes may be used
};

// What this thread builds while this exists; otherwise kDrawn.
class InitialValuesScope {
 public:
  explicit InitialValuesScope(InitialValues values);
  ~InitialValuesScope();
  InitialValuesScope(const InitialValuesScope&) = delete;
  InitialValuesScope& operator=(const InitialValuesScope&) = delete;

 private:
  InitialValues before_;
};

// Single precision on the CPU, or on the device `meta`: for parameters of constants, torch::zeros({rows}, parameter_options()).
torch::TensorOptions parameter_options();
// Uniform in [-bound, bound], and normal around 0.
torch::Tensor uniform_parameter(torch::IntArrayRef shape, double bound);
torch::Tensor normal_parameter(torch::IntArrayRef shape, double deviation);

}  // namespace attnzoo
