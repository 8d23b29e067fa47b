// Optimisers over a model's parameters; their state is keyed by parameter name. A step visits each parameter once and applies the clipping
// factor on the way.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/safetensors.h"

namespace attnzoo {

// Settings of the recipe's train.optimizer.
struct OptimizerConfig {
  // "adam" (Kingma and Ba 2015; weight_decay is an L2 term), "adamw" (Loshchilov and Hutter 2019; decoupled decay, not applied to
  // parameters of one dimension: biases and norms), "sgd" (with momentum).
  std::string kind = "adam";
  double beta1 = 0.9;       // [0, 1)
  double beta2 = 0.98;      // [0, 1); 0.98 as in Vaswani et al. 2017
  double epsilon = 1e-9;    // > 0
  double weight_decay = 0;  // >= 0
  double momentum = 0.9;    // sgd only, [0, 1)

  static OptimizerConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;
};

// The parameters that training changes, by dotted name; tied ones appear once, under their first name.
NamedTensors trainable_parameters(const torch::nn::Module& model);

// The Euclidean norm of all gradients together. CPU: summed in double in a fixed order, whatever the number of threads.
double gradient_norm(const NamedTensors& parameters);

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One update from the gradients, each multiplied by `gradient_factor` (1 where nothing is clipped). Parameters without a gradient stay
  // as they are.
  virtual void step(double learning_rate, double gradient_factor) = 0;
  // The whole state, sharing storage: "<parameter>/<moment>", and "step".
  virtual NamedTensors state() const = 0;

  // Throws CheckpointError with what is missing, unknown or of another shape.
  void set_state(const NamedTensors& state, const std::string& where);
  void zero_gradients();

 protected:
  explicit Optimizer(NamedTensors parameters) : parameters_(std::move(parameters)) {}
  NamedTensors parameters_;
};

std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, NamedTensors parameters);

}  // namespace attnzoo
