// How much of the machine's arithmetic a training run used: an estimate of the model's own FLOPs against a measured matmul rate.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "models/seq2seq_model.h"

namespace attnzoo {

// Parameters that take part in a matrix product for every source token (names that begin with "encoder") and for every target
// token (all others, the output layer included). Embedding tables count only where they are the output layer.
struct MatmulParameters {
  int64_t source = 0, target = 0;
  explicit MatmulParameters(const Seq2SeqModel& model);
  // 6 a parameter and token: a multiply-add each in the forward pass, in the gradient of the input and in that of the weight. The products
  // inside attention (queries with keys, weights with values) are left out: they are small for sentences.
  double training_flops(int64_t num_source_tokens, int64_t num_target_tokens) const;
};

// Floating point operations a second of float32 matrix products on the device with the threads of this process: the best of a few
// shapes that models have ([4096, 512] times [512, 512] and the like), measured for about `seconds`.
double measure_matmul_rate(torch::Device device, double seconds = 0.3);

}  // namespace attnzoo
