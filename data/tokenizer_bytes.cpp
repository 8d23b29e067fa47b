#include "data/tokenizer_bytes.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

constexpr int64_t kFormat = 1;
constexpr size_t kMaxHeaderBytes = 1000;

std::string crc_text(std::string_view content) { return fmt::format("{:08x}", crc32_of(content.data(), content.size())); }

}  // namespace

std::string pack_tokenizer(std::string_view kind, std::string_view content) {
  return fmt::format("{{\"attnzoo_tokenizer\":{},\"kind\":\"{}\",\"num_bytes\":{},\"crc32\":\"{}\"}}\n{}", kFormat, kind, content.size(),
                     crc_text(content), content);
}

TokenizerBytes unpack_tokenizer(std::string_view bytes, const std::string& where) {
  const size_t line_end = bytes.substr(0, kMaxHeaderBytes).find('\n');
  nlohmann::json header;
  try {
    if (line_end != std::string_view::npos) header = parse_json(bytes.substr(0, line_end), where);
  } catch (const Error&) {
  }
  if (!header.is_object() || !header.contains("attnzoo_tokenizer"))
    fail<DataError>("{}: is not an attnzoo tokeniser (its first line must hold \"attnzoo_tokenizer\")", where);
  const std::string_view content = bytes.substr(line_end + 1);
  const auto is_integer = [&](const char* key) { return header.contains(key) && header[key].is_number_integer(); };
  const auto is_string = [&](const char* key) { return header.contains(key) && header[key].is_string(); };
  if (!is_integer("attnzoo_tokenizer") || !is_string("kind") || !is_integer("num_bytes") || !is_string("crc32"))
    fail<DataError>(
        "{}: damaged tokeniser: its first line must give the integers attnzoo_tokenizer and num_bytes and the strings kind and crc32",
        where);
  const auto format = header["attnzoo_tokenizer"].get<int64_t>(), num_bytes = header["num_bytes"].get<int64_t>();
  const auto crc = header["crc32"].get<std::string>();
  TokenizerBytes unpacked;
  unpacked.kind = header["kind"].get<std::string>();
  if (format != kFormat)
    fail<DataError>("{}: tokeniser of format {}; this program reads format {}; use a newer attnzoo", where, format, kFormat);
  if (static_cast<int64_t>(content.size()) != num_bytes)
    fail<DataError>("{}: damaged tokeniser: {} bytes follow the first line, which announces {}; restore the file or learn it again", where,
                    content.size(), num_bytes);
  if (crc_text(content) != crc)
    fail<DataError>("{}: damaged tokeniser: its checksum is {}, its first line gives {}; restore the file or learn it again", where,
                    crc_text(content), crc);
  unpacked.content = content;
  return unpacked;
}

}  // namespace attnzoo
