#include "models/fusion/scripted_scan.h"

#include <fmt/format.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <mutex>

namespace attnzoo {
namespace {

const char* cell_text(CellKind kind) {
  switch (kind) {
    case CellKind::kTanh:
      return R"(
        h = torch.tanh(g + r)
)";
    case CellKind::kRelu:
      return R"(
        h = torch.relu(g + r)
)";
    case CellKind::kLstm:
      return R"(
        i, f, n, o = torch.chunk(g + r, 4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(n)
        h = torch.sigmoid(o) * torch.tanh(c)
)";
    case CellKind::kGru:
      break;
  }
  return R"(
        gr, gz, gn = torch.chunk(g, 3, 1)
        rr, rz, rn = torch.chunk(r, 3, 1)
        z = torch.sigmoid(gz + rz)
        h = (1 - z) * torch.tanh(gn + torch.sigmoid(gr + rr) * rn) + z * h
)";
}

std::string scan_text(CellKind kind, bool multiply, bool causal) {
  const char* attend = causal ? R"(
        a = torch.zeros_like(h)
        if t > 0:
            e = torch.matmul(torch.stack(states, 1), q[:, t].unsqueeze(2)).squeeze(2) / x.size(2) ** 0.5
            a = torch.matmul(torch.softmax(e, 1).unsqueeze(1), x[:, :t]).squeeze(1)
)"
                              : R"(
        a = attended[:, t]
)";
  return fmt::format(R"(
def scan(gx, {}, weight, bias, h, c):
    states : List[Tensor] = []
    for t in range(gx.size(1)):
        g = gx[:, t]
{}
        r = torch.linear({}, weight, bias)
{}
        states.append(h)
    return torch.stack(states, 1)
)",
                     causal ? "x, q" : "attended", attend, multiply ? "h * a" : "h + a", cell_text(kind));
}

// Each script is compiled once per process.
const std::shared_ptr<torch::jit::Graph>& scan_graph(CellKind kind, bool multiply, bool causal) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<torch::jit::Graph>> graphs;
  const auto text = scan_text(kind, multiply, causal);
  const std::lock_guard lock(mutex);
  auto& graph = graphs[text];
  if (!graph) {
    auto unit = std::make_shared<torch::jit::CompilationUnit>();
    unit->define(std::nullopt, text, torch::jit::nativeResolver(), nullptr);
    graph = torch::jit::toGraphFunction(unit->get_function(c10::QualifiedName("scan"))).graph();
  }
  return graph;
}

torch::Tensor insert_and_run(const std::shared_ptr<torch::jit::Graph>& script, const std::vector<torch::Tensor>& inputs) {
  namespace tracer = torch::jit::tracer;
  const auto tracing = tracer::getTracingState();
  std::vector<torch::jit::Value*> values;
  torch::jit::Stack stack;
  for (const auto& input : inputs) {
    values.push_back(tracer::getValueTrace(input));
    stack.emplace_back(input);
  }
  // The result on the example is not traced; the graph inserted below represents it.
  tracer::setTracingState(nullptr);
  torch::jit::GraphFunction function("scan", script->copy(), nullptr);
  function.run(stack);
  tracer::setTracingState(tracing);
  const auto result = stack.back().toTensor();
  tracer::setValueTrace(result, torch::jit::insertGraph(*tracing->graph, *script, values).at(0));
  return result;
}

}  // namespace

torch::Tensor scripted_scan(CellKind kind, bool multiply, const std::vector<torch::Tensor>& inputs) {
  return insert_and_run(scan_graph(kind, multiply, false), inputs);
}
torch::Tensor scripted_causal_scan(CellKind kind, bool multiply, const std::vector<torch::Tensor>& inputs) {
  return insert_and_run(scan_graph(kind, multiply, true), inputs);
}

}  // namespace attnzoo
