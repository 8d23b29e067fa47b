#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

thread_local bool shapes_only = false;

}  // namespace

torch::TensorOptions parameter_options() { return torch::TensorOptions(shapes_only ? torch::kMeta : torch::kCPU).dtype(torch::kFloat); }

ShapesOnly::ShapesOnly() : before_(shapes_only) { shapes_only = true; }
ShapesOnly::~ShapesOnly() { shapes_only = before_; }

}  // namespace attnzoo
