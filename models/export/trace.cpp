#include "models/export/trace.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include "data/special_tokens.h"

namespace attnzoo {
namespace {

using torch::jit::Stack;
using TensorList = std::vector<torch::Tensor>;

TensorList flatten(const Memory& memory) {
  TensorList list = {memory.memory_BSC, memory.keep_BS};
  list.insert(list.end(), memory.per_sentence.begin(), memory.per_sentence.end());
  return list;
}

TensorList flatten(const State& state) {
  TensorList list = {state.sentence_N};
  list.insert(list.end(), state.per_row.begin(), state.per_row.end());
  return list;
}

Memory to_memory(const TensorList& list) { return {list.at(0), list.at(1), {list.begin() + 2, list.end()}}; }
State to_state(const TensorList& list) { return {list.at(0), {list.begin() + 1, list.end()}, {}}; }

void mirror(const torch::nn::Module& from, torch::jit::Module& to) {
  for (const auto& parameter : from.named_parameters(/*recurse=*/false)) to.register_parameter(parameter.key(), parameter.value(), false);
  for (const auto& buffer : from.named_buffers(/*recurse=*/false)) to.register_buffer(buffer.key(), buffer.value());
  for (const auto& child : from.named_children()) {
    torch::jit::Module mirrored("__torch__.attnzoo." + child.key(), to._ivalue()->compilation_unit(), /*shouldMangle=*/true);
    mirror(*child.value(), mirrored);
    to.register_module(child.key(), mirrored);
  }
}

void add_verb(torch::jit::Module& module, const std::string& name, const TensorList& inputs,
              const std::function<TensorList(const TensorList&)>& verb) {
  const auto run = [&](const Stack& stack) {
    TensorList arguments;
    for (const auto& value : stack) arguments.push_back(value.toTensor());
    std::vector<c10::IValue> outputs;
    for (auto& tensor : verb(arguments)) outputs.emplace_back(std::move(tensor));
    return Stack{c10::ivalue::Tuple::create(std::move(outputs))};
  };
  Stack stack;
  for (const auto& tensor : inputs) stack.emplace_back(tensor);
  const auto names = [](const torch::autograd::Variable&) { return std::string(); };
  const auto traced = torch::jit::tracer::trace(stack, run, names, /*strict=*/true, /*force_outplace=*/false, &module);
  const auto qualified = c10::QualifiedName(*module.type()->name(), name);
  auto* function = module._ivalue()->compilation_unit()->create_function(qualified, traced.first->graph);
  module.type()->addMethod(function);
}

TensorList call(const TracedModel& traced, const char* verb, const TensorList& arguments) {
  std::vector<c10::IValue> inputs;
  for (const auto& tensor : arguments) inputs.emplace_back(tensor);
  auto module = traced.module;
  const auto result = module.get_method(verb)(inputs);
  TensorList list;
  for (const auto& value : result.toTupleRef().elements()) list.push_back(value.toTensor());
  return list;
}

TensorList concatenated(TensorList list, const TensorList& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

}  // namespace

TracedModel trace_model(Seq2SeqModel& model, int64_t source_vocabulary) {
  const at::NoGradGuard no_grad;
  TracedModel traced{torch::jit::Module("__torch__.attnzoo.Model"), 0, 0};
  mirror(model, traced.module);
  const auto source_BS = torch::randint(kNumSpecialTokens, source_vocabulary, {2, 5}, torch::kLong);
  source_BS[1][4] = kPadId;
  const Memory memory = model.encode(source_BS);
  traced.num_per_sentence = memory.per_sentence.size();
  const auto num_memory = static_cast<int64_t>(2 + traced.num_per_sentence);
  add_verb(traced.module, "encode", {source_BS}, [&](const TensorList& in) { return flatten(model.encode(in[0])); });
  add_verb(traced.module, "start", flatten(memory), [&](const TensorList& in) { return flatten(model.start(to_memory(in))); });

  // The traced start gives the state the form used in traces, which may differ from the form of our kernels. One step is taken first, so
  // that growing caches are not empty in the trace.
  const State state = traced_start(traced, memory);
  traced.num_per_row = state.per_row.size();
  const auto previous_N = torch::full({2}, kBosId, torch::kLong);
  const State grown = model.step(memory, state, previous_N, AttentionRequest::kMean).state;
  add_verb(traced.module, "step", concatenated(concatenated(flatten(memory), flatten(grown)), {previous_N}), [&](const TensorList& in) {
    const auto output = model.step(to_memory({in.begin(), in.begin() + num_memory}), to_state({in.begin() + num_memory, in.end() - 1}),
                                   in.back(), AttentionRequest::kMean);
    return concatenated({output.logits_NV, output.attention_NS}, flatten(output.state));
  });

  const auto target_BT = torch::randint(kNumSpecialTokens, kNumSpecialTokens + 1, {2, 3}, torch::kLong);
  traced.has_decode = model.traceable_forward(source_BS, target_BT).defined();
  if (traced.has_decode)
    add_verb(traced.module, "decode", {source_BS, target_BT},
             [&](const TensorList& in) { return TensorList{model.traceable_forward(in[0], in[1])}; });
  return traced;
}

Memory traced_encode(const TracedModel& traced, const torch::Tensor& source_BS) { return to_memory(call(traced, "encode", {source_BS})); }

State traced_start(const TracedModel& traced, const Memory& memory) { return to_state(call(traced, "start", flatten(memory))); }

StepOutput traced_step(const TracedModel& traced, const Memory& memory, const State& state, const torch::Tensor& previous_N) {
  const auto list = call(traced, "step", concatenated(concatenated(flatten(memory), flatten(state)), {previous_N}));
  return {list.at(0), list.at(1), to_state({list.begin() + 2, list.end()}), {}, {}};
}

}  // namespace attnzoo
