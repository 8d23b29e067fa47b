#include "eval/numpy_random.h"

#include <array>

namespace attnzoo {
namespace {

constexpr unsigned __int128 kMultiplier = static_cast<unsigned __int128>(0x2360ED051FC65DA4u) << 64 | 0x4385DF649FCCF645u;

// numpy's SeedSequence for one 32-bit seed: four words of entropy, hashed into each other, then stretched.
std::array<uint64_t, 4> seed_state(uint32_t seed) {
  uint32_t hash = 0x43b0d7e5u;
  const auto hashed = [&](uint32_t value) {
    value ^= hash;
    hash *= 0x931e8875u;
    value *= hash;
    return value ^ value >> 16;
  };
  const auto mixed = [](uint32_t x, uint32_t y) {
    const uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
    return result ^ result >> 16;
  };
  std::array<uint32_t, 4> pool{};
  for (size_t i = 0; i < 4; ++i) pool[i] = hashed(i == 0 ? seed : 0);
  for (size_t from = 0; from < 4; ++from)
    for (size_t to = 0; to < 4; ++to)
      if (from != to) pool[to] = mixed(pool[to], hashed(pool[from]));
  std::array<uint64_t, 4> state{};
  hash = 0x8b51f9ddu;
  for (size_t i = 0; i < 8; ++i) {
    uint32_t word = pool[i % 4] ^ hash;
    hash *= 0x58f38dedu;
    word *= hash;
    word ^= word >> 16;
    state[i / 2] |= static_cast<uint64_t>(word) << (32 * (i % 2));
  }
  return state;
}

}  // namespace

NumpyRandom::NumpyRandom(uint32_t seed) {
  const auto state = seed_state(seed);
  increment_ = (static_cast<unsigned __int128>(state[2]) << 64 | state[3]) << 1 | 1;
  state_ = increment_ + (static_cast<unsigned __int128>(state[0]) << 64 | state[1]);
  state_ = state_ * kMultiplier + increment_;
}

uint64_t NumpyRandom::next64() {
  state_ = state_ * kMultiplier + increment_;
  const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
  const auto rotation = static_cast<unsigned>(state_ >> 122);
  return folded >> rotation | folded << (-rotation & 63u);
}

uint32_t NumpyRandom::next32() {
  if (has_half_) {
    has_half_ = false;
    return half_;
  }
  const uint64_t both = next64();
  has_half_ = true;
  half_ = static_cast<uint32_t>(both >> 32);
  return static_cast<uint32_t>(both);
}

uint32_t NumpyRandom::below(uint32_t bound) {
  if (bound == 1) return 0;  // without a draw
  uint64_t product = static_cast<uint64_t>(next32()) * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;
    while (static_cast<uint32_t>(product) < threshold) product = static_cast<uint64_t>(next32()) * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

}  // namespace attnzoo
