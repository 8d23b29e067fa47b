// The numbers that numpy.random.default_rng(seed).choice(n, replace=True) draws, so that a bootstrap gives sacrebleu's intervals and
// p-values: SeedSequence, PCG64 (O'Neill 2014, XSL-RR 128/64) and the bounded integers of Lemire (2019) on 32-bit halves.
#pragma once

#include <cstdint>

namespace attnzoo {

class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed);
  // Uniform in [0, bound), bound from 1 to 2^32 - 1.
  uint32_t below(uint32_t bound);

 private:
  uint64_t next64();
  uint32_t next32();

  unsigned __int128 state_ = 0, increment_ = 0;
  bool has_half_ = false;
  uint32_t half_ = 0;
};

}  // namespace attnzoo
