// A small fixed random generator. The standard's distributions and std::shuffle differ between libraries; an epoch's order must not.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace attnzoo {

// SplitMix64 (Steele, Lea, Flood 2014): every seed gives an independent-looking stream of 64-bit numbers.
class SplitMix64 {
 public:
  // One stream for each tuple of numbers.
  explicit SplitMix64(std::initializer_list<uint64_t> seeds) {
    for (const uint64_t seed : seeds) state_ = next() ^ seed;
  }
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound), up to a bias of bound / 2^64.
  uint64_t below(uint64_t bound) { return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64); }

 private:
  uint64_t state_ = 0;
};

// Fisher-Yates.
template <class Container>
void shuffle(Container& items, size_t begin, size_t end, SplitMix64& random) {
  for (size_t i = end; i > begin + 1; --i) std::swap(items[i - 1], items[begin + random.below(i - begin)]);
}

}  // namespace attnzoo
