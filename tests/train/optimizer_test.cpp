#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "train/penalty.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

NamedTensors two_parameters(torch::ScalarType type = torch::kFloat) {
  torch::manual_seed(11);
  return {{"weight", torch::randn({37, 13}, type).requires_grad_()}, {"bias", torch::randn({37}, type).requires_grad_()}};
}

void set_gradients(const NamedTensors& parameters, int64_t step) {
  torch::manual_seed(static_cast<uint64_t>(100 + step));
  for (const auto& [name, parameter] : parameters) parameter.mutable_grad() = torch::randn_like(parameter.detach());
}

// The formulas of train/adam.h, in double.
struct PlainAdam {
  OptimizerConfig config;
  std::map<std::string, torch::Tensor> weights, first, second;

  void step(const NamedTensors& parameters, int64_t t, double learning_rate, double factor) {
    for (const auto& [name, parameter] : parameters) {
      auto gradient = parameter.grad().to(torch::kDouble) * factor;
      auto& w = weights.at(name);
      const bool decoupled = config.kind == "adamw";
      if (!decoupled) gradient = gradient + config.weight_decay * w;
      if (decoupled && w.dim() > 1) w = w * (1 - learning_rate * config.weight_decay);
      first[name] = config.beta1 * (first.count(name) ? first[name] : torch::zeros_like(w)) + (1 - config.beta1) * gradient;
      second[name] = config.beta2 * (second.count(name) ? second[name] : torch::zeros_like(w)) + (1 - config.beta2) * gradient * gradient;
      const auto td = static_cast<double>(t);
      const auto m = first[name] / (1 - std::pow(config.beta1, td)), v = second[name] / (1 - std::pow(config.beta2, td));
      w = w - learning_rate * m / (v.sqrt() + config.epsilon);
    }
  }
};

}  // namespace

TEST_CASE("Adam and AdamW follow their formulas, with the clipping factor folded in") {
  for (const char* kind : {"adam", "adamw"}) {
    INFO(kind);
    OptimizerConfig config{.kind = kind, .weight_decay = 0.1};
    const auto parameters = two_parameters();
    PlainAdam plain{config, {}, {}, {}};
    for (const auto& [name, parameter] : parameters) plain.weights[name] = parameter.detach().to(torch::kDouble);
    const auto optimizer = make_optimizer(config, parameters);
    for (int64_t t = 1; t <= 5; ++t) {
      const double learning_rate = 0.01 * static_cast<double>(t), factor = t % 2 == 0 ? 0.3 : 1.0;
      set_gradients(parameters, t);
      plain.step(parameters, t, learning_rate, factor);
      optimizer->step(learning_rate, factor);
    }
    for (const auto& [name, parameter] : parameters)
      CHECK(parameter.detach().to(torch::kDouble).allclose(plain.weights.at(name), 1e-5, 1e-6));
  }
}

TEST_CASE("SGD with momentum follows its formula") {
  const auto parameters = two_parameters(torch::kDouble);
  const auto before = parameters.at("weight").detach().clone();
  const auto optimizer = make_optimizer({.kind = "sgd", .momentum = 0.5}, parameters);
  set_gradients(parameters, 1);
  const auto first = parameters.at("weight").grad().clone();
  optimizer->step(0.1, 1);
  set_gradients(parameters, 2);
  const auto second = parameters.at("weight").grad().clone();
  optimizer->step(0.1, 0.5);
  CHECK(parameters.at("weight").detach().allclose(before - 0.1 * first - 0.1 * (0.5 * first + 0.5 * second)));
}

TEST_CASE("penalties add their gradients to weight matrices and leave vectors alone") {
  const auto parameters = two_parameters(torch::kDouble);
  const auto& weight = parameters.at("weight");
  const auto& bias = parameters.at("bias");
  REQUIRE(weight.dim() == 2);
  // What autograd says of the same penalty.
  set_gradients(parameters, 1);
  const auto without = weight.grad().clone(), of_bias = bias.grad().clone();
  weight.mutable_grad() = torch::Tensor();
  (0.3 * weight.abs().sum() + 0.2 * (weight * weight).sum()).backward();
  const auto expected = without + weight.grad();
  set_gradients(parameters, 1);
  add_penalty_gradients(parameters, 0.3, 0.2);
  CHECK(weight.grad().allclose(expected));
  CHECK(bias.grad().equal(of_bias));
}

TEST_CASE("a parameter without a gradient stays as it is") {
  for (const char* kind : {"adam", "adamw", "sgd"}) {
    const auto parameters = two_parameters();
    const auto before = parameters.at("bias").detach().clone();
    const auto optimizer = make_optimizer({.kind = kind, .weight_decay = 0.1}, parameters);
    set_gradients(parameters, 1);
    parameters.at("bias").mutable_grad() = torch::Tensor();
    optimizer->step(0.1, 1);
    CHECK(parameters.at("bias").detach().equal(before));
  }
}

TEST_CASE("an optimiser goes on from its saved state with the same bits") {
  for (const char* kind : {"adam", "adamw", "sgd"}) {
    INFO(kind);
    const OptimizerConfig config{.kind = kind, .weight_decay = 0.01};
    const auto straight = two_parameters();
    const auto optimizer = make_optimizer(config, straight);
    NamedTensors saved_state, resumed;
    for (int64_t t = 1; t <= 6; ++t) {
      set_gradients(straight, t);
      optimizer->step(0.01, 1);
      if (t != 3) continue;
      for (const auto& [name, tensor] : optimizer->state()) saved_state[name] = tensor.clone();
      for (const auto& [name, parameter] : straight) resumed[name] = parameter.detach().clone().requires_grad_();
    }
    const auto second = make_optimizer(config, resumed);
    second->set_state(saved_state, "state");
    for (int64_t t = 4; t <= 6; ++t) {
      set_gradients(resumed, t);
      second->step(0.01, 1);
    }
    for (const auto& [name, parameter] : straight) CHECK(parameter.equal(resumed.at(name)));
  }
}

TEST_CASE("the state of another model is refused with what does not fit") {
  const auto optimizer = make_optimizer({.kind = "sgd"}, two_parameters());
  REQUIRE_THROWS_WITH(
      optimizer->set_state({{"weight/momentum", torch::zeros({2})}, {"step", torch::zeros({})}}, "run/optimizer"),
      "run/optimizer: the optimiser's state does not fit the model: 'bias/momentum' is missing, 'weight/momentum' is [2] instead of "
      "[37, 13], 'step' is unknown; resume with the model and optimiser it was saved with");
}

TEST_CASE("the gradient norm is that of all gradients together, whatever the number of threads") {
  torch::manual_seed(2);
  NamedTensors parameters{{"a", torch::zeros({300, 1001}).requires_grad_()},
                          {"b", torch::zeros({5}).requires_grad_()},
                          {"none", torch::zeros({5}).requires_grad_()},
                          {"double", torch::zeros({5}, torch::kDouble).requires_grad_()}};
  double expected = 0;
  for (const char* name : {"a", "b", "double"}) {
    auto& parameter = parameters.at(name);
    parameter.mutable_grad() = torch::randn_like(parameter.detach());
    expected += parameter.grad().to(torch::kDouble).square().sum().item<double>();
  }
  const double norm = gradient_norm(parameters);
  CHECK(norm == Approx(std::sqrt(expected)).epsilon(1e-6));
  at::set_num_threads(1);
  const double alone = gradient_norm(parameters);
  at::set_num_threads(2);
  CHECK(alone == norm);
  parameters.at("b").mutable_grad()[2] = INFINITY;
  CHECK_FALSE(std::isfinite(gradient_norm(parameters)));
}

TEST_CASE("optimiser settings out of range are reported together") {
  REQUIRE_THROWS_WITH(OptimizerConfig::from_json({{"kind", "adma"}, {"beta1", 1.0}, {"epsilon", 0}, {"weight_decay", -1}}),
                      "train.optimizer.kind: unknown value 'adma' (did you mean 'adam'?); accepted: adam, adamw, sgd; "
                      "train.optimizer.beta1: must be in [0, 1), got 1; train.optimizer.epsilon: must be above 0, got 0; "
                      "train.optimizer.weight_decay: must not be negative, got -1");
  const OptimizerConfig config{.kind = "adamw", .beta2 = 0.9, .weight_decay = 0.5};
  CHECK(OptimizerConfig::from_json(config.to_json()).to_json() == config.to_json());
}

TEST_CASE("one Adam step over ten million parameters, against the traffic of memory", "[benchmark][.]") {
  NamedTensors parameters{{"w", torch::randn({10000, 1024}).requires_grad_()}};
  parameters.at("w").mutable_grad() = torch::randn({10000, 1024});
  const auto optimizer = make_optimizer({}, parameters);
  const auto milliseconds = [](const auto& work) {
    double best = 1e9;
    for (int repeat = 0; repeat < 7; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
  };
  const auto copy = torch::empty({10000, 1024});
  const double step = milliseconds([&] { optimizer->step(1e-4, 1); }), clipped = milliseconds([&] { optimizer->step(1e-4, 0.5); });
  const double norm = milliseconds([&] { gradient_norm(parameters); }),
               copied = milliseconds([&] { copy.copy_(parameters.at("w").detach()); });
  WARN("step " << step << " ms, clipped step " << clipped << " ms, norm " << norm << " ms, a copy (2 of a step's 7 passes) " << copied
               << " ms");
  CHECK(step < 60 * copied);
}

}  // namespace attnzoo::test
