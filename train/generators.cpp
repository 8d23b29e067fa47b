#include "train/generators.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

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
  const auto set = [&](torch::Device of, const torch::Tensor& state, const char* name) {
    try {
      generator_of(of).set_state(state);
    } catch (const c10::Error&) {  // LibTorch checks type, size and content
      fail<CheckpointError>("{}: generator.safetensors: '{}' is not the state of a random generator; choose another checkpoint", where,
                            name);
    }
  };
  set(torch::kCPU, cpu->second, "cpu");
  if (!device.is_cpu() && other != states.end()) set(device, other->second, "device");
}

}  // namespace attnzoo
