// A picture as a PNG file's bytes (ISO/IEC 15948), 8 bits per pixel.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace attnzoo {

// `pixels`: height x width shades, row by row, 0 black, 255 white.
std::string grayscale_png(std::span<const uint8_t> pixels, int64_t width, int64_t height);

// The same with the colours that the shades stand for: from 0 to 255 in equal steps from one to the other, each red, green and blue.
using Colour = std::array<uint8_t, 3>;
std::string shaded_png(std::span<const uint8_t> pixels, int64_t width, int64_t height, Colour from, Colour to);

}  // namespace attnzoo
