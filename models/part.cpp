#include "models/part.h"

namespace attnzoo {

void Part::train(bool on) {
  frozen_ = false;
  unpack();
  torch::nn::Module::train(on);
}

void freeze(torch::nn::Module& model, Compute compute) {
  model.apply([&](torch::nn::Module& module) {
    if (auto* part = dynamic_cast<Part*>(&module)) {
      part->pack(compute);
      part->frozen_ = true;
    }
  });
}

}  // namespace attnzoo
