#include "models/kernels/dropout.h"

#include "data/parallel.h"
#include "models/kernels/simd.h"

namespace attnzoo::kernels {
namespace {

// Murmur3's finaliser, with the key mixed in twice.
ATTNZOO_INLINE uint32_t hash(uint32_t index, uint32_t low, uint32_t high) {
  uint32_t x = index * 0x9e3779b1u + low;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x ^= high;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

ATTNZOO_CPU_CLONES void apply_range(uint32_t begin, uint32_t end, const float* x, const float* add, float* y, uint32_t low, uint32_t high,
                                    uint32_t threshold, float scale) {
  if (add == nullptr)
    for (uint32_t i = begin; i < end; ++i) y[i] = x[i] * (hash(i, low, high) >= threshold ? scale : 0.0f);
  else
    for (uint32_t i = begin; i < end; ++i) y[i] = add[i] + x[i] * (hash(i, low, high) >= threshold ? scale : 0.0f);
}

ATTNZOO_CPU_CLONES void fill_range(uint32_t begin, uint32_t end, float* mask, uint32_t low, uint32_t high, uint32_t threshold,
                                   float scale) {
  for (uint32_t i = begin; i < end; ++i) mask[i] = hash(i, low, high) >= threshold ? scale : 0.0f;
}

// Calls body(begin, end, offset, high) on ranges of 32-bit indices; every 2^31 elements have their own key.
template <class Body>
void for_ranges(int64_t count, const DropoutKey& key, const Body& body) {
  constexpr int64_t kBlock = int64_t{1} << 31;
  for (int64_t offset = 0; offset < count; offset += kBlock) {
    const uint32_t high = key.high + static_cast<uint32_t>(offset / kBlock) * 0x632be5abu;
    parallel_for(0, std::min(kBlock, count - offset), 32768,
                 [&](int64_t begin, int64_t end) { body(static_cast<uint32_t>(begin), static_cast<uint32_t>(end), offset, high); });
  }
}

}  // namespace

DropoutKey dropout_key(uint64_t seed, double p) {
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(p * 4294967296.0),
          static_cast<float>(1.0 / (1.0 - p))};
}

void dropout_apply(int64_t count, const float* x, const float* add, float* y, const DropoutKey& key) {
  for_ranges(count, key, [&](uint32_t begin, uint32_t end, int64_t offset, uint32_t high) {
    apply_range(begin, end, x + offset, add ? add + offset : nullptr, y + offset, key.low, high, key.threshold, key.scale);
  });
}

void dropout_fill(int64_t count, float* mask, const DropoutKey& key) {
  for_ranges(count, key, [&](uint32_t begin, uint32_t end, int64_t offset, uint32_t high) {
    fill_range(begin, end, mask + offset, key.low, high, key.threshold, key.scale);
  });
}

}  // namespace attnzoo::kernels
