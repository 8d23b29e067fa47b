#include "models/layers/linear.h"

#include <cmath>

#include "models/layers/linear_pass.h"
#include "models/layers/parameters.h"

namespace attnzoo {

Linear::Linear(int64_t num_inputs, int64_t num_outputs, bool with_bias, double gain) {
  const double bound = gain * std::sqrt(6.0 / static_cast<double>(num_inputs + num_outputs));
  weight = register_parameter("weight", uniform_parameter({num_outputs, num_inputs}, bound));
  if (with_bias) bias = register_parameter("bias", torch::zeros({num_outputs}, parameter_options()));
}

torch::Tensor Linear::forward(const torch::Tensor& x, const kernels::Epilogue& epilogue) const {
  return packed_ ? packed_->apply(x, epilogue) : linear_pass(x, weight, bias, epilogue);
}

std::shared_ptr<Linear> add_linear(torch::nn::Module& parent, const char* name, int64_t num_inputs, int64_t num_outputs, bool with_bias,
                                   double gain) {
  return parent.register_module(name, std::make_shared<Linear>(num_inputs, num_outputs, with_bias, gain));
}

}  // namespace attnzoo
