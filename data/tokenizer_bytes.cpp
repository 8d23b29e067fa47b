#include "data/tokenizer_bytes.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

constexpr int64_t kFormat = 1;

std::string crc_text(std::string_view content) { return fmt::format("{:08x}", crc32_of(content.data(), content.size())); }

}  // namespace

std::string pack_tokenizer(std::string_view kind, std::string_view content) {
  return fmt::format("{{\"attnzoo_tokenizer\":{},\"kind\":\"{}\",\"num_bytes\":{},\"crc32\":\"{}\"}}\n{}", kFormat, kind, content.size(),
                     crc_text(content), content);
}

TokenizerBytes unpack_tokenizer(std::string_view bytes, const std::string& where) {
  const size_t line_end = bytes.find('\n');
  const auto header = nlohmann::json::parse(bytes.substr(0, line_end), nullptr, /*allow_exceptions=*/false);
  if (line_end == std::string_view::npos || !header.is_object() || !header.contains("attnzoo_tokenizer"))
    fail<DataError>("{}: is no tokeniser of attnzoo (its first line must say \"attnzoo_tokenizer\")", where);
  const std::string_view content = bytes.substr(line_end + 1);
  int64_t format = 0, num_bytes = 0;
  std::string crc;
  TokenizerBytes unpacked;
  try {
    format = header.at("attnzoo_tokenizer").get<int64_t>();
    unpacked.kind = header.at("kind").get<std::string>();
    num_bytes = header.at("num_bytes").get<int64_t>();
    crc = header.at("crc32").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    fail<DataError>("{}: damaged tokeniser: its first line cannot be understood ({})", where, error.what());
  }
  if (format != kFormat)
    fail<DataError>("{}: tokeniser of format {}, this program knows format {}; use a newer attnzoo", where, format, kFormat);
  if (static_cast<int64_t>(content.size()) != num_bytes)
    fail<DataError>("{}: damaged tokeniser: {} bytes after the first line, it says {}; restore the file or learn it again", where,
                    content.size(), num_bytes);
  if (crc_text(content) != crc)
    fail<DataError>("{}: damaged tokeniser: its checksum is {}, the first line says {}; restore the file or learn it again", where,
                    crc_text(content), crc);
  unpacked.content = content;
  return unpacked;
}

}  // namespace attnzoo
