#include "data/png.h"

#include <zlib.h>

#include "data/error.h"

namespace attnzoo {
namespace {

void put_big_endian(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 255);
}

// Length, type, data, CRC of type and data.
void put_chunk(std::string& out, const std::string& type, const std::string& data) {
  put_big_endian(out, static_cast<uint32_t>(data.size()));
  const auto typed = type + data;
  out += typed;
  put_big_endian(out, static_cast<uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size()))));
}

enum class PixelType : char { kGrey = 0, kPalette = 3 };

std::string png(std::span<const uint8_t> pixels, int64_t width, int64_t height, PixelType type, const std::string& palette) {
  std::string header, rows;
  put_big_endian(header, static_cast<uint32_t>(width));
  put_big_endian(header, static_cast<uint32_t>(height));
  header += std::string{8, static_cast<char>(type), 0, 0, 0};  // bits per sample, type, deflate, adaptive filters, not interlaced
  for (int64_t row = 0; row < height; ++row) {
    rows += '\0';  // no filter
    for (const uint8_t pixel : pixels.subspan(static_cast<size_t>(row * width), static_cast<size_t>(width)))
      rows += static_cast<char>(pixel);
  }
  auto size = ::compressBound(static_cast<uLong>(rows.size()));
  std::string packed(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
                 static_cast<uLong>(rows.size())) != Z_OK)
    fail<Error>("zlib could not compress a picture of {} x {}", width, height);
  packed.resize(size);
  std::string file = "\x89PNG\r\n\x1a\n";
  put_chunk(file, "IHDR", header);
  if (!palette.empty()) put_chunk(file, "PLTE", palette);
  put_chunk(file, "IDAT", packed);
  put_chunk(file, "IEND", "");
  return file;
}

}  // namespace

std::string grayscale_png(std::span<const uint8_t> pixels, int64_t width, int64_t height) {
  return png(pixels, width, height, PixelType::kGrey, "");
}

std::string shaded_png(std::span<const uint8_t> pixels, int64_t width, int64_t height, Colour from, Colour to) {
  std::string palette;
  for (int shade = 0; shade < 256; ++shade)
    for (size_t c = 0; c < 3; ++c) palette += static_cast<char>((from[c] * (255 - shade) + to[c] * shade + 127) / 255);
  return png(pixels, width, height, PixelType::kPalette, palette);
}

}  // namespace attnzoo
