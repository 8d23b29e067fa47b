// Dropout from a counter instead of a stream: a hash of (seed, i) decides whether element i is kept. The mask need not be stored, and the
// result does not depend on the number of threads. torch's bernoulli_ is serial on the CPU: 11 % of a training step of the Transformer's
// preset tiny (tests/benchmarks/training_step, one thread).
#pragma once

#include <cstdint>

namespace attnzoo::kernels {

struct DropoutKey {
  uint32_t low = 0, high = 0;
  uint32_t threshold = 0;  // an element is dropped if its hash is below
  float scale = 1;         // factor of kept elements: 1 / (1 - p)
};
DropoutKey dropout_key(uint64_t seed, double p);

// y[i] = kept(i) ? x[i] * scale : 0, plus add[i] unless add is null. x and y may be the same.
void dropout_apply(int64_t count, const float* x, const float* add, float* y, const DropoutKey& key);
// mask[i] = kept(i) ? scale : 0
void dropout_fill(int64_t count, float* mask, const DropoutKey& key);

}  // namespace attnzoo::kernels
