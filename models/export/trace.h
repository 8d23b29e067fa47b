// A model's operations as TorchScript. LibTorch cannot script C++ modules, but its tracer is public: parameters and children are mirrored
// into a torch::jit::Module (the same tensors), and each operation becomes a method, traced once. Three rules make an operation traceable
// (DESIGN.md): no tensor size() reaches an op, no C++ loop or branch depends on data, initial recurrent states are passed explicitly.
//
// The methods, all tensors:
//   encode(source_BS)                       -> (Memory::tensors()..)
//   start(memory..)                         -> (State::tensors()..)
//   decode(source_BS, target_in_BT)         -> (logits_BTV); if the model has a traceable_forward()
//   step(memory.., state.., previous_N)     -> (logits_NV, attention_NS, state..)
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <cstdint>

#include "models/seq2seq_model.h"

namespace attnzoo {

struct TracedModel {
  torch::jit::Module module;
  Memory memory;  // of the example; every memory and state has its form
  State state;
  bool has_decode = false;
};

// Traces with a small example of ids below source_vocabulary. The model must be in eval() and not frozen; it shares its weights with the
// result.
TracedModel trace_model(Seq2SeqModel& model, int64_t source_vocabulary);

// Calls the methods of a traced or reloaded module, with the types of Seq2SeqModel.
Memory traced_encode(const TracedModel& traced, const torch::Tensor& source_BS);
State traced_start(const TracedModel& traced, const Memory& memory);
StepOutput traced_step(const TracedModel& traced, const Memory& memory, const State& state, const torch::Tensor& previous_N);

}  // namespace attnzoo
