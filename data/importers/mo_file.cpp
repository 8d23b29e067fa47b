#include "data/importers/mo_file.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>

#include "data/error.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr uint32_t kMagic = 0x950412de;
constexpr uint32_t kMagicSwapped = 0xde120495;
constexpr size_t kHeaderBytes = 28;

// Every read from the file goes through here, and is checked.
class MoReader {
 public:
  MoReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {
    if (bytes.size() < kHeaderBytes) fail<DataError>("{}: {} bytes are too few for a gettext catalog", where, bytes.size());
    uint32_t magic = 0;
    std::memcpy(&magic, bytes.data(), sizeof magic);  // in this machine's order
    if (magic != kMagic && magic != kMagicSwapped) fail<DataError>("{}: not a gettext catalog (it starts with {:08x})", where, magic);
    swapped_ = magic == kMagicSwapped;
  }

  uint32_t number(uint64_t offset) const {
    if (offset + 4 > bytes_.size()) truncated(offset + 4);
    uint32_t value = 0;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
  }

  // The string that the table entry at `offset` (length, place) describes.
  std::string_view string(uint64_t offset) const {
    const uint64_t length = number(offset), place = number(offset + 4);
    if (place + length > bytes_.size()) truncated(place + length);
    return bytes_.substr(place, length);
  }

 private:
  [[noreturn]] void truncated(uint64_t needed) const {
    fail<DataError>("{}: truncated or damaged: it refers to byte {} of {}", where_, needed, bytes_.size());
  }

  std::string_view bytes_;
  const std::string& where_;
  bool swapped_ = false;
};

enum class Charset { kUtf8, kLatin1, kLatin9 };

// From the header entry's "Content-Type: text/plain; charset=UTF-8".
Charset parse_charset(std::string_view header, const std::string& where) {
  const size_t mark = header.find("charset=");
  if (mark == header.npos) return Charset::kUtf8;
  std::string name(header.substr(mark + 8));
  name.resize(std::min(name.find_first_of(" \t\n;"), name.size()));
  std::string upper;
  for (const char character : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  if (upper == "UTF-8" || upper == "UTF8" || upper == "ASCII" || upper == "US-ASCII" || upper == "CHARSET") return Charset::kUtf8;
  if (upper == "ISO-8859-1") return Charset::kLatin1;
  if (upper == "ISO-8859-15") return Charset::kLatin9;
  fail<DataError>("{}: charset {} is not read; accepted are UTF-8, US-ASCII, ISO-8859-1 and ISO-8859-15", where,
                  shorten(replace_invalid_utf8(name), 40));
}

// ISO-8859-15 differs from Latin-1 in eight places.
uint32_t code_point(unsigned char byte, Charset charset) {
  if (charset != Charset::kLatin9) return byte;
  switch (byte) {
    case 0xA4:
      return 0x20AC;
    case 0xA6:
      return 0x0160;
    case 0xA8:
      return 0x0161;
    case 0xB4:
      return 0x017D;
    case 0xB8:
      return 0x017E;
    case 0xBC:
      return 0x0152;
    case 0xBD:
      return 0x0153;
    case 0xBE:
      return 0x0178;
    default:
      return byte;
  }
}

std::string to_utf8(std::string_view text, Charset charset) {
  if (charset == Charset::kUtf8) return std::string(text);
  std::string converted;
  for (const unsigned char byte : text) {
    const uint32_t code = code_point(byte, charset);
    if (code < 0x80) {
      converted += static_cast<char>(code);
    } else if (code < 0x800) {
      converted += static_cast<char>(0xC0 | (code >> 6));
      converted += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      converted += static_cast<char>(0xE0 | (code >> 12));
      converted += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      converted += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return converted;
}

// One entry: "context\4singular\0plural" and "form 0\0form 1 ...". Only form 0 is kept: it goes with the singular, or with
// the plural id in languages that have one form for all numbers.
CatalogMessage split_entry(std::string_view id, std::string_view text, Charset charset) {
  CatalogMessage message;
  if (const size_t mark = id.find('\4'); mark != id.npos) {
    message.context = id.substr(0, mark);
    id.remove_prefix(mark + 1);
  }
  const size_t id_end = id.find('\0'), text_end = text.find('\0');
  const bool one_form_for_all = id_end != id.npos && text_end == text.npos;
  message.id = one_form_for_all ? id.substr(id_end + 1) : id.substr(0, id_end);
  message.text = to_utf8(text.substr(0, text_end), charset);
  return message;
}

}  // namespace

std::vector<CatalogMessage> parse_mo(std::string_view bytes, const std::string& where) {
  const MoReader reader(bytes, where);
  if (const uint32_t revision = reader.number(4) >> 16; revision > 1)
    fail<DataError>("{}: format revision {} of gettext catalogs is not known; accepted are 0 and 1", where, revision);
  const uint64_t num_entries = reader.number(8), ids = reader.number(12), texts = reader.number(16);
  // The tables must be in the file before anything is reserved for them.
  if (num_entries > 0) {
    reader.number(ids + 8 * num_entries - 4);
    reader.number(texts + 8 * num_entries - 4);
  }

  Charset charset = Charset::kUtf8;
  uint64_t num_text_bytes = 0;
  for (uint64_t entry = 0; entry < num_entries; ++entry) {
    const std::string_view id = reader.string(ids + 8 * entry), text = reader.string(texts + 8 * entry);
    if (id.empty()) charset = parse_charset(text, where);
    num_text_bytes += id.size() + text.size();
  }
  // Strings do not overlap in an honest catalog, though a writer could let a few equal ones share their bytes.
  if (num_text_bytes > 2 * bytes.size())
    fail<DataError>("{}: damaged: its entries refer to {} bytes of text in a file of {}", where, num_text_bytes, bytes.size());
  std::vector<CatalogMessage> messages;
  messages.reserve(num_entries);
  for (uint64_t entry = 0; entry < num_entries; ++entry) {
    const std::string_view id = reader.string(ids + 8 * entry);
    if (!id.empty()) messages.push_back(split_entry(id, reader.string(texts + 8 * entry), charset));
  }
  return messages;
}

}  // namespace attnzoo
