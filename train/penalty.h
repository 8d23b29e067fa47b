// Penalties on the size of the weights: l1 * sum |w| + l2 * sum w^2, over parameters of two dimensions or more. Their gradient goes
// straight into the parameters' gradients; the loss that is reported leaves them out.
#pragma once

#include "models/safetensors.h"

namespace attnzoo {

// Adds l1 * sign(w) + 2 * l2 * w to the gradient of every parameter that has one.
void add_penalty_gradients(const NamedTensors& parameters, double l1, double l2);

}  // namespace attnzoo
