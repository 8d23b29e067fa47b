#include "train/generators.h"

#include <ATen/Context.h>

#include "data/error.h"

namespace attnzoo {
namespace {

at::Generator generator_of(torch::Device device) { return at::globalContext().defaultGenerator(device); }

}  // namespace

NamedTensors generator_states(torch::Device device) {
  NamedTensors states = {{"cpu", generator_of(torch::kCPU).get_state()}};
  if (!device.is_cpu()) states["device"] = generator_of(device).get_state();
  return states;
}

void set_generator_states(const NamedTensors& states, torch::Device device, const std::string& where) {
  const auto cpu = states.find("cpu"), other = states.find("device");
  if (cpu == states.end()) fail<CheckpointError>("{}: generator.safetensors has no state 'cpu'", where);
  generator_of(torch::kCPU).set_state(cpu->second);
  if (!device.is_cpu() && other != states.end()) generator_of(device).set_state(other->second);
}

}  // namespace attnzoo
