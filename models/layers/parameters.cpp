#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

thread_local InitialValues initial_values = InitialValues::kDrawn;

}  // namespace

InitialValuesScope::InitialValuesScope(InitialValues values) : before_(initial_values) { initial_values = values; }
InitialValuesScope::~InitialValuesScope() { initial_values = before_; }

torch::TensorOptions parameter_options() {
  return torch::TensorOptions(initial_values == InitialValues::kShapesOnly ? torch::kMeta : torch::kCPU).dtype(torch::kFloat);
}

torch::Tensor uniform_parameter(torch::IntArrayRef shape, double bound) {
  auto values = torch::empty(shape, parameter_options());
  return initial_values == InitialValues::kDrawn ? values.uniform_(-bound, bound) : values;
}

torch::Tensor normal_parameter(torch::IntArrayRef shape, double deviation) {
  auto values = torch::empty(shape, parameter_options());
  return initial_values == InitialValues::kDrawn ? values.normal_(0, deviation) : values;
}

}  // namespace attnzoo
