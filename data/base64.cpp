#include "data/base64.h"

#include <cstdint>

namespace attnzoo {

std::string base64(const void* bytes, size_t num_bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* data = static_cast<const uint8_t*>(bytes);
  std::string text;
  text.reserve((num_bytes + 2) / 3 * 4);
  for (size_t i = 0; i < num_bytes; i += 3) {
    const size_t count = num_bytes - i < 3 ? num_bytes - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? data[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace attnzoo
