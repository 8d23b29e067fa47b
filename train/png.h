// A picture as a PNG file's bytes, for TensorBoard.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace attnzoo {

// `pixels`: height x width shades, row by row, 0 black, 255 white.
std::string grayscale_png(std::span<const uint8_t> pixels, int64_t width, int64_t height);

}  // namespace attnzoo
