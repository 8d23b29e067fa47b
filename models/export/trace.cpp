#include "models/export/trace.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include "data/error.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

using torch::jit::Stack;
using TensorList = std::vector<torch::Tensor>;

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
  if (model.frozen()) fail<Error>("trace: a frozen model has no operations that can be traced");
  TracedModel traced{torch::jit::Module("__torch__.attnzoo.Model"), {}, {}, false};
  mirror(model, traced.module);
  const auto source_BS = torch::randint(kNumSpecialTokens, source_vocabulary, {2, 5}, torch::kLong);
  source_BS[1][4] = kPadId;
  const Memory memory = traced.memory = model.encode(source_BS);
  const size_t num_memory = memory.tensors().size();
  add_verb(traced.module, "encode", {source_BS}, [&](const TensorList& in) { return model.encode(in[0]).tensors(); });
  add_verb(traced.module, "start", memory.tensors(), [&](const TensorList& in) { return model.start(memory.with(in)).tensors(); });

  // One step is taken first, so that growing caches are not empty in the trace.
  const State state = traced.state = model.start(memory);
  const auto previous_N = torch::full({2}, kBosId, torch::kLong);
  const State grown = model.step(memory, state, previous_N, AttentionRequest::kMean).state;
  add_verb(traced.module, "step", concatenated(concatenated(memory.tensors(), grown.tensors()), {previous_N}), [&](const TensorList& in) {
    const std::span all(in);
    const auto output = model.step(memory.with(all.first(num_memory)), state.with(all.subspan(num_memory, all.size() - num_memory - 1)),
                                   in.back(), AttentionRequest::kMean);
    return concatenated({output.logits_NV, output.attention_NS}, output.state.tensors());
  });

  const auto target_BT = torch::randint(kNumSpecialTokens, kNumSpecialTokens + 1, {2, 3}, torch::kLong);
  traced.has_decode = model.traceable_forward(source_BS, target_BT).defined();
  if (traced.has_decode)
    add_verb(traced.module, "decode", {source_BS, target_BT},
             [&](const TensorList& in) { return TensorList{model.traceable_forward(in[0], in[1])}; });
  return traced;
}

Memory traced_encode(const TracedModel& traced, const torch::Tensor& source_BS) {
  return traced.memory.with(call(traced, "encode", {source_BS}));
}

State traced_start(const TracedModel& traced, const Memory& memory) { return traced.state.with(call(traced, "start", memory.tensors())); }

StepOutput traced_step(const TracedModel& traced, const Memory& memory, const State& state, const torch::Tensor& previous_N) {
  const auto list = call(traced, "step", concatenated(concatenated(memory.tensors(), state.tensors()), {previous_N}));
  return {list.at(0), list.at(1), traced.state.with(std::span(list).subspan(2)), {}, {}};
}

}  // namespace attnzoo
