#include "train/optimizer.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "data/error.h"
#include "data/json_fields.h"
#include "train/adam.h"
#include "train/sgd.h"

namespace attnzoo {

OptimizerConfig OptimizerConfig::from_json(const nlohmann::json& fields) {
  OptimizerConfig config;
  FieldReader reader(fields, "train.optimizer");
  reader.read_choice("kind", config.kind, {"adam", "adamw", "sgd"});
  reader.read("beta1", config.beta1);
  reader.read("beta2", config.beta2);
  reader.read("epsilon", config.epsilon);
  reader.read("weight_decay", config.weight_decay);
  reader.read("momentum", config.momentum);
  const auto fraction = [&](const char* key, double value) {
    if (!(value >= 0 && value < 1)) reader.problem(key, fmt::format("must be in [0, 1), got {}", value));
  };
  fraction("beta1", config.beta1);
  fraction("beta2", config.beta2);
  fraction("momentum", config.momentum);
  if (!(config.epsilon > 0)) reader.problem("epsilon", fmt::format("must be above 0, got {}", config.epsilon));
  if (!(config.weight_decay >= 0)) reader.problem("weight_decay", fmt::format("must not be negative, got {}", config.weight_decay));
  reader.finish();
  return config;
}

nlohmann::json OptimizerConfig::to_json() const {
  return {{"kind", kind}, {"beta1", beta1}, {"beta2", beta2}, {"epsilon", epsilon}, {"weight_decay", weight_decay}, {"momentum", momentum}};
}

NamedTensors trainable_parameters(const torch::nn::Module& model) {
  NamedTensors parameters;
  std::unordered_set<const void*> seen;
  for (const auto& item : model.named_parameters())
    if (item.value().requires_grad() && seen.insert(item.value().unsafeGetTensorImpl()).second)
      parameters.emplace(item.key(), item.value());
  return parameters;
}

void Optimizer::set_state(const NamedTensors& given, const std::string& where) {
  NamedTensors own = state();
  std::vector<std::string> problems;
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end()) {
      problems.push_back(fmt::format("'{}' is missing", name));
    } else if (found->second.sizes() != tensor.sizes()) {
      problems.push_back(fmt::format("'{}' is [{}] instead of [{}]", name, fmt::join(found->second.sizes().vec(), ", "),
                                     fmt::join(tensor.sizes().vec(), ", ")));
    } else if (found->second.scalar_type() != tensor.scalar_type()) {
      problems.push_back(fmt::format("'{}' is of type {} instead of {}", name, safetensors_name(found->second.scalar_type()),
                                     safetensors_name(tensor.scalar_type())));
    }
  }
  for (const auto& [name, tensor] : given)
    if (!own.count(name)) problems.push_back(fmt::format("'{}' is unknown", name));
  if (problems.size() > 8) problems.resize(8);
  if (!problems.empty())
    fail<CheckpointError>("{}: the optimiser's state does not fit the model: {}; resume with the model and optimiser it was saved with",
                          where, fmt::join(problems, ", "));
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : own) tensor.copy_(given.at(name));
}

void Optimizer::zero_gradients() {
  // Released rather than zeroed: backward() then hands over its own buffers without a copy.
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = torch::Tensor();
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, NamedTensors parameters) {
  if (config.kind == "sgd") return std::make_unique<Sgd>(config, std::move(parameters));
  return std::make_unique<Adam>(config, std::move(parameters));
}

}  // namespace attnzoo
