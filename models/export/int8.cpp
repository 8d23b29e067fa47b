#include "models/export/int8.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/custom_class.h>

#include <map>

namespace attnzoo {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
using Owner = c10::intrusive_ptr<c10::ivalue::Object>;

// Smaller matrices are left alone: they would save nothing.
constexpr int64_t kFewestElements = 1024;

// A matrix of the module, and the nodes that read it from its owner.
struct Matrix {
  Owner owner;
  std::string name;
  torch::Tensor tensor;
  std::vector<std::pair<std::shared_ptr<Graph>, Node*>> reads;
};

// The object named by a chain of GetAttr nodes.
Owner object_of(const Value* value, const Owner& root) {
  const auto* node = value->node();
  if (node->kind() != torch::jit::prim::GetAttr) return root;
  return object_of(node->input(), root)->getAttr(node->s(torch::jit::attr::name)).toObject();
}

void collect(const std::shared_ptr<Graph>& graph, torch::jit::Block* block, const Owner& root,
             std::map<std::pair<const void*, std::string>, Matrix>& matrices) {
  for (auto* node : block->nodes()) {
    for (auto* inner : node->blocks()) collect(graph, inner, root, matrices);
    if (node->kind() != torch::jit::prim::GetAttr) continue;
    const auto owner = object_of(node->input(), root);
    const auto& name = node->s(torch::jit::attr::name);
    const auto value = owner->getAttr(name);
    if (!value.isTensor()) continue;
    const auto& tensor = value.toTensor();
    if (tensor.dim() != 2 || tensor.scalar_type() != torch::kFloat || tensor.numel() < kFewestElements) continue;
    auto& matrix = matrices[{owner.get(), name}];
    matrix.owner = owner;
    matrix.name = name;
    matrix.tensor = tensor;
    matrix.reads.emplace_back(graph, node);
  }
}

bool is_weight_of_linear(const torch::jit::Use& use) { return use.user->kind() == torch::jit::aten::linear && use.offset == 1; }
bool is_table_of_embedding(const torch::jit::Use& use) { return use.user->kind() == torch::jit::aten::embedding && use.offset == 0; }

// What the uses of a matrix require.
struct Needs {
  bool packed = false, values = false, dense = false;
  c10::IValue bias;  // of the linear layers, if they all have the same
  bool packs_bias = true;
};

Needs needs_of(const Matrix& matrix, const Owner& root) {
  Needs needs;
  for (const auto& [graph, read] : matrix.reads)
    for (const auto& use : read->output()->uses()) {
      if (is_weight_of_linear(use)) {
        const auto* bias_node = use.user->input(2)->node();
        const bool is_parameter = bias_node->kind() == torch::jit::prim::GetAttr;
        const auto bias = is_parameter ? object_of(bias_node->input(), root)->getAttr(bias_node->s(torch::jit::attr::name)) : c10::IValue();
        // A computed bias is added afterwards, as are differing ones.
        const bool known = is_parameter || use.user->input(2)->mustBeNone();
        if (!known || (needs.packed && !bias.is(needs.bias))) needs.packs_bias = false;
        needs.packed = true;
        needs.bias = bias;
      } else {
        (is_table_of_embedding(use) ? needs.values : needs.dense) = true;
      }
    }
  if (!needs.packs_bias) needs.bias = c10::IValue();
  return needs;
}

// Declares the names of torch.ops.quantized to TorchScript source.
struct QuantizedResolver : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name, torch::jit::GraphFunction& method,
                                                         const torch::jit::SourceRange& place) override {
    if (name == "quantized") return std::make_shared<torch::jit::BuiltinModule>("quantized");
    return NativeResolver::resolveValue(name, method, place);
  }
};

// The archive stores values, scale [rows, 1] and bias; `packed` and `dense` are made from them when it is loaded.
torch::jit::Module make_int8_module(torch::jit::Module& root, const Matrix& matrix, const Needs& needs) {
  const auto scale = matrix.tensor.detach().abs().amax(1, true).clamp_min(1e-12) / 127;
  const auto values = (matrix.tensor.detach() / scale).round().to(torch::kChar);
  torch::jit::Module module("__torch__.attnzoo.Int8", root._ivalue()->compilation_unit(), /*shouldMangle=*/true);
  const auto tensor_type = c10::TensorType::get();
  module.register_attribute("values", tensor_type, values);
  module.register_attribute("scale", tensor_type, scale);
  module.register_attribute("bias", c10::OptionalType::create(tensor_type), needs.bias);
  std::string make;
  if (needs.packed) {
    module.register_attribute("packed", torch::getCustomClass("__torch__.torch.classes.quantized.LinearPackedParamsBase"), c10::IValue());
    make += R"(
    scale = state[1].double().view([-1])
    weight = torch._make_per_channel_quantized_tensor(state[0], scale, torch.zeros_like(scale).long(), 0)
    self.packed = quantized.linear_prepack(weight, state[2])
)";
  }
  if (needs.dense) {
    module.register_attribute("dense", tensor_type, matrix.tensor);
    make += R"(
    self.dense = state[0].float() * state[1]
)";
  }
  module.define(R"(
def __getstate__(self):
    return (self.values, self.scale, self.bias)

def __setstate__(self, state: Tuple[Tensor, Tensor, Optional[Tensor]]):
    self.values = state[0]
    self.scale = state[1]
    self.bias = state[2]
)" + make,
                std::make_shared<QuantizedResolver>());
  module.run_method("__setstate__", c10::ivalue::Tuple::create({values, scale, needs.bias}));
  return module;
}

void replace_reads(const Matrix& matrix, const Needs& needs, const std::string& child) {
  for (const auto& [graph, read] : matrix.reads) {
    Value* module = nullptr;
    {
      const torch::jit::WithInsertPoint before(read);
      module = graph->insertGetAttr(read->input(), child);
    }
    // Replacing a use changes the list of uses.
    const auto uses = read->output()->uses();
    for (const auto& use : uses) {
      auto* node = use.user;
      const torch::jit::WithInsertPoint before(node);
      if (is_weight_of_linear(use)) {
        auto* product =
            graph->insertNode(graph->create(c10::Symbol::fromQualString("quantized::linear_dynamic"),
                                            {node->input(0), graph->insertGetAttr(module, "packed"), graph->insertConstant(true)}));
        Value* out = product->output()->setType(c10::TensorType::get());
        if (!needs.packs_bias && !node->input(2)->mustBeNone()) out = graph->insert(torch::jit::aten::add, {out, node->input(2)});
        node->output()->replaceAllUsesWith(out);
      } else if (is_table_of_embedding(use)) {
        auto* rows = graph->insert(torch::jit::aten::embedding, {graph->insertGetAttr(module, "values"), node->input(1)});
        auto* scale = graph->insert(torch::jit::aten::embedding, {graph->insertGetAttr(module, "scale"), node->input(1)});
        node->output()->replaceAllUsesWith(graph->insert(torch::jit::aten::mul, {rows, scale}));
      } else {
        node->replaceInput(use.offset, graph->insertGetAttr(module, "dense"));
        continue;
      }
      node->destroy();
    }
    read->destroy();
  }
}

}  // namespace

void quantize_int8(torch::jit::Module& module, const std::vector<std::string>& methods) {
  const Owner root = module._ivalue();
  std::map<std::pair<const void*, std::string>, Matrix> matrices;
  for (const auto& method : methods) {
    const auto graph = torch::jit::toGraphFunction(module.get_method(method).function()).graph();
    collect(graph, graph->block(), root, matrices);
  }
  for (const auto& [key, matrix] : matrices) {
    const auto needs = needs_of(matrix, root);
    const auto child = matrix.name + "_int8";
    torch::jit::Module(matrix.owner).register_module(child, make_int8_module(module, matrix, needs));
    replace_reads(matrix, needs, child);
    matrix.owner->unsafeRemoveAttr(matrix.name);
    matrix.owner->type()->unsafeRemoveAttribute(matrix.name);
  }
}

}  // namespace attnzoo
