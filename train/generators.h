// The random generators that training draws from: the CPU's and, where the model is elsewhere, its device's.
#pragma once

#include <torch/types.h>

#include <string>

#include "models/safetensors.h"

namespace attnzoo {

// "cpu", and "device" where `device` is not the CPU.
NamedTensors generator_states(torch::Device device);

// Puts them back. Throws CheckpointError without a state "cpu"; one without "device" (training goes on elsewhere) leaves the device's as
// seeded.
void set_generator_states(const NamedTensors& states, torch::Device device, const std::string& where);

}  // namespace attnzoo
