// Exponential moving average of a model's parameters (Polyak and Juditsky 1992): a' = d a + (1 - d) w after every step.
#pragma once

#include <cstdint>

#include "models/safetensors.h"

namespace attnzoo {

class WeightAverage {
 public:
  // Starts as a copy of the parameters, which it refers to from then on.
  WeightAverage(NamedTensors parameters, double decay);

  // After step `step` (from 1): the factor is min(decay, (1 + step) / (10 + step)).
  void update(int64_t step);
  // Exchanges averaged and trained weights in place; done twice it changes nothing.
  void swap();
  // Takes the parameters as they are now for the average.
  void restart();
  // The averaged weights (while swapped: the trained ones), sharing storage.
  const NamedTensors& average() const { return average_; }

 private:
  NamedTensors parameters_, average_;
  double decay_;
};

// Averaged weights in the model while it lives; `average` may be null.
class AveragedWeights {
 public:
  explicit AveragedWeights(WeightAverage* average) : average_(average) {
    if (average_ != nullptr) average_->swap();
  }
  ~AveragedWeights() {
    if (average_ != nullptr) average_->swap();
  }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  WeightAverage* average_;
};

}  // namespace attnzoo
