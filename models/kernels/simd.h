// Vector arithmetic for the hand-written CPU kernels: one source, compiled for AVX-512, AVX2 and the baseline; the program picks one when
// it starts. ATTNZOO_CPU_CLONES on a function with external linkage makes the three variants; its callees must be ATTNZOO_INLINE.
//
// Every kernel computes an output row from that row's inputs alone, in an order that does not depend on the number of rows: results do not
// depend on the batch, bit for bit.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define ATTNZOO_CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ATTNZOO_CPU_CLONES
#endif
#define ATTNZOO_INLINE inline __attribute__((always_inline))

namespace attnzoo::kernels {

#if defined(__x86_64__) && defined(__GNUC__)
// Whether this processor runs code compiled for x86-64-v4, or for x86-64-v3.
inline bool runs_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq");
}
inline bool runs_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

// e^x for x <= 88 with a relative error below 3e-7; 0 below -87. Cody-Waite reduction, polynomial of degree 6 (Cephes expf);
// branch-free, so that loops over it vectorise.
ATTNZOO_INLINE float fast_exp(float x) {
  const float clamped = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float shifted = clamped * 1.44269504088896341f + 12582912.0f;  // adding 1.5 * 2^23 rounds to an integer
  const float n = shifted - 12582912.0f;
  const float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t exponent = (std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(12582912.0f) + 127) << 23;
  const float result = p * std::bit_cast<float>(exponent);
  return x < -87.0f ? 0.0f : result;
}

ATTNZOO_INLINE float fast_sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

// tanh x = 1 - 2 / (e^2x + 1), with the odd series near 0, where the difference would cancel.
ATTNZOO_INLINE float fast_tanh(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float bounded = magnitude > 10.0f ? 10.0f : magnitude;
  const float large = 1.0f - 2.0f / (fast_exp(2.0f * bounded) + 1.0f);
  const float square = bounded * bounded;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float small = bounded + bounded * square * p;
  const float result = bounded < 0.625f ? small : large;
  return x < 0 ? -result : result;
}

}  // namespace attnzoo::kernels
