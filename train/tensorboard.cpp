#include "train/tensorboard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/png.h"

namespace attnzoo {
namespace {

// CRC-32C (Castagnoli), masked as TFRecord files have it.
uint32_t masked_crc(std::string_view bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> entries{};
    for (uint32_t i = 0; i < 256; ++i) {
      entries[i] = i;
      for (int bit = 0; bit < 8; ++bit) entries[i] = entries[i] >> 1 ^ (entries[i] & 1 ? 0x82f63b78u : 0u);
    }
    return entries;
  }();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 255] ^ crc >> 8;
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

template <class Number>
void put_fixed(std::string& out, Number number) {
  for (size_t i = 0; i < sizeof number; ++i) out += static_cast<char>(number >> (8 * i) & 255);
}

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

// Fields of a protocol buffer: numbers are those of TensorFlow's event.proto and summary.proto.
void put_number(std::string& out, uint64_t field, uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}
void put_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  put_varint(out, field << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}
void put_double(std::string& out, uint64_t field, double value) {
  put_varint(out, field << 3 | 1);
  put_fixed(out, std::bit_cast<uint64_t>(value));
}
void put_float(std::string& out, uint64_t field, float value) {
  put_varint(out, field << 3 | 5);
  put_fixed(out, std::bit_cast<uint32_t>(value));
}

// An Event: wall_time 1, step 2.
std::string event_at(int64_t step) {
  std::string event;
  put_double(event, 1, std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
  put_number(event, 2, static_cast<uint64_t>(step));
  return event;
}

std::string scalar(const std::string& tag, double value) {
  std::string summary;
  put_bytes(summary, 1, tag);
  put_float(summary, 2, static_cast<float>(value));
  return summary;
}

// A Value with a string tensor for the text plugin: metadata 9 {plugin_data 1 {plugin_name 1}}, tensor 8 {dtype 1, shape 2, string_val 8}.
std::string text(const std::string& tag, const std::string& content) {
  std::string plugin, metadata, dimension, shape, tensor, value;
  put_bytes(plugin, 1, "text");
  put_bytes(metadata, 1, plugin);
  put_number(dimension, 1, 1);
  put_bytes(shape, 2, dimension);
  put_number(tensor, 1, 7);  // DT_STRING
  put_bytes(tensor, 2, shape);
  put_bytes(tensor, 8, content);
  put_bytes(value, 1, tag);
  put_bytes(value, 8, tensor);
  put_bytes(value, 9, metadata);
  return value;
}

// A Value with a picture: Image 4 {height 1, width 2, colorspace 3, encoded_image_string 4}.
std::string picture(const std::string& tag, std::span<const uint8_t> pixels, int64_t width, int64_t height) {
  std::string image, value;
  put_number(image, 1, static_cast<uint64_t>(height));
  put_number(image, 2, static_cast<uint64_t>(width));
  put_number(image, 3, 1);
  put_bytes(image, 4, grayscale_png(pixels, width, height));
  put_bytes(value, 1, tag);
  put_bytes(value, 4, image);
  return value;
}

// TensorBoard shows Markdown, so what has a meaning there is escaped.
std::string markdown(const nlohmann::json& sample, const char* field) {
  std::string escaped;
  for (const char c : sample.value(field, "")) {
    if (std::string_view("\\`*_{}[]<>()#+-.!|&").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder, int64_t step) {
  std::error_code error;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(folder, error)))
    fail<DataError>("{}: is a symbolic link, which is not followed; remove it", folder.string());
  std::filesystem::create_directory(folder, error);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  file_ = folder / fmt::format("events.out.tfevents.{:010}.{}.{}.attnzoo", std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                               std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() % 1'000'000'000, ::getpid());
  const int handle = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (handle < 0) fail_to_write(file_, errno);
  stream_.reset(::fdopen(handle, "wb"));
  std::string first = event_at(step);
  put_bytes(first, 3, "brain.Event:2");
  write_event(first);
  std::string start, session;  // SessionLog 7 {status 1: START}
  put_number(session, 1, 1);
  start = event_at(step == 0 ? 0 : step + 1);
  put_bytes(start, 7, session);
  write_event(start);
}

void TensorBoardWriter::write(const nlohmann::json& entry) {
  const auto kind = entry.value("event", "");
  if (kind != "train" && kind != "validation") return;
  std::string summary;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_number() || key == "step" || !std::isfinite(value.get<double>())) continue;
    put_bytes(summary, 1, scalar(kind + "/" + key, value.get<double>()));
  }
  if (entry.contains("samples"))
    for (size_t i = 0; i < entry["samples"].size(); ++i) {
      const auto& sample = entry["samples"][i];
      put_bytes(summary, 1,
                text(fmt::format("samples/{}", i + 1), fmt::format("source: {}\n\nreference: {}\n\noutput: {}", markdown(sample, "source"),
                                                                   markdown(sample, "reference"), markdown(sample, "output"))));
    }
  auto event = event_at(entry.value("step", int64_t{0}));
  put_bytes(event, 5, summary);
  write_event(event);
}

void TensorBoardWriter::write_attention(int64_t step, const torch::Tensor& attention_TS) {
  const int64_t num_rows = attention_TS.size(0), num_columns = attention_TS.size(1);
  if (num_rows == 0 || num_columns == 0) return;
  const int64_t cell = std::clamp<int64_t>(600 / std::max(num_rows, num_columns), 1, 16);
  const auto shades = (255 - attention_TS.to(torch::kCPU, torch::kFloat).clamp(0, 1) * 255).round().to(torch::kByte);
  const auto pixels = shades.repeat_interleave(cell, 0).repeat_interleave(cell, 1).contiguous();
  std::string summary;
  put_bytes(
      summary, 1,
      picture("attention/1", {pixels.const_data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel())}, pixels.size(1), pixels.size(0)));
  auto event = event_at(step);
  put_bytes(event, 5, summary);
  write_event(event);
}

void TensorBoardWriter::write_event(std::string_view event) {
  std::string length, record;
  put_fixed(length, static_cast<uint64_t>(event.size()));
  record = length;
  put_fixed(record, masked_crc(length));
  record += event;
  put_fixed(record, masked_crc(event));
  if (std::fwrite(record.data(), 1, record.size(), stream_.get()) != record.size() || std::fflush(stream_.get()) != 0)
    fail_to_write(file_, errno);
}

}  // namespace attnzoo
