#include "data/input_digest.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

constexpr uint64_t kWholeFileBytes = uint64_t{1} << 30;
constexpr uint64_t kNumBlocks = 16;
constexpr size_t kBlockBytes = size_t{1} << 20;

uint32_t crc32_of_blocks(const std::string& file, uint64_t num_bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string block(kBlockBytes, '\0');
  uint32_t crc = 0;
  for (uint64_t i = 0; i < kNumBlocks; ++i) {
    in.seekg(static_cast<std::streamoff>((num_bytes - kBlockBytes) / (kNumBlocks - 1) * i));
    in.read(block.data(), kBlockBytes);
    if (!in) fail<DataError>("{}: cannot be read; did it change while it was being read?", file);
    crc = crc32_of(block.data(), block.size(), crc);
  }
  return crc;
}

nlohmann::json identity_of_file(const std::string& file) {
  LineReader check(file);  // for its messages
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(file, error);
  if (error || size < kWholeFileBytes) {
    const uint32_t crc = crc32_of_file(file);
    return {{"size", error ? 0 : size}, {"crc32", crc}};
  }
  const auto changed = std::filesystem::last_write_time(file, error).time_since_epoch().count();
  return {{"size", size}, {"crc32", crc32_of_blocks(file, size)}, {"changed", static_cast<int64_t>(changed)}};
}

}  // namespace

std::string digest_of(const nlohmann::json& value) {
  // FNV-1a, 64 bits; nlohmann keeps the keys sorted.
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : json_text(value)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

nlohmann::json identity_of(const SourceConfig& config) {
  nlohmann::json identity = config.to_json();
  // Where the files are does not matter, only what is in them.
  for (const auto& [key, files] : config.files_by_key()) {
    identity[key] = nlohmann::json::array();
    for (const std::string& file : files) identity[key].push_back(identity_of_file(file));
  }
  return identity;
}

}  // namespace attnzoo
