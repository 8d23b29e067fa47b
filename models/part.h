// The base of modules that run otherwise in decoding.
//
// A model as it is built is trained, differentiated and traced; it computes with ATen and with the passes of training. For decoding it is
// frozen: every matrix is packed once for this processor's kernels, in float or in 8-bit integers, and every part takes a path on which a
// row does not depend on its batch, to the bit, and on which nothing is locked or written. models/inference_model.h freezes and thaws.
#pragma once

#include <torch/nn/module.h>

#include "models/kernels/packed_linear.h"

namespace attnzoo {

class Part : public torch::nn::Module {
 public:
  bool frozen() const { return frozen_; }
  // Thaws, too.
  void train(bool on = true) override;

 protected:
  // What a part with matrices of its own does when it is frozen and thawed.
  virtual void pack(Compute) {}
  virtual void unpack() {}

 private:
  friend void freeze(torch::nn::Module& model, Compute compute);
  bool frozen_ = false;
};

// All parts of a model, which must be in eval(), on the CPU and in float.
void freeze(torch::nn::Module& model, Compute compute);

}  // namespace attnzoo
