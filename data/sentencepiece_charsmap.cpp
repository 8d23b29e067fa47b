#include "data/sentencepiece_charsmap.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "data/error.h"

namespace attnzoo {
namespace {

// Of sentencepiece_model.proto.
constexpr uint64_t kNormalizerField = 3, kDenormalizerField = 5, kCharsmapField = 2;

// The fields of a protocol buffer message, one after the other. Ends at the first byte that makes no sense.
class MessageFields {
 public:
  explicit MessageFields(std::string_view message) : rest_(message) {}

  struct Field {
    uint64_t number = 0;
    std::string_view content;  // of a string, of bytes or a message; else empty
  };
  std::optional<Field> next() {
    const auto tag = number();
    if (!tag) return std::nullopt;
    Field field{*tag >> 3, {}};
    std::optional<uint64_t> length;
    switch (*tag & 7) {
      case 0:
        return number() ? std::optional(field) : std::nullopt;
      case 1:
        length = 8;
        break;
      case 2:
        length = number();
        break;
      case 5:
        length = 4;
        break;
      default:
        break;
    }
    if (!length || *length > rest_.size()) return std::nullopt;
    if ((*tag & 7) == 2) field.content = rest_.substr(0, *length);
    rest_.remove_prefix(*length);
    return field;
  }

 private:
  std::optional<uint64_t> number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::string_view rest_;
};

// Whether every unit that a text can lead to lies within the array, and every value within the texts.
bool stays_inside(const std::vector<uint32_t>& units, size_t num_text_bytes) {
  const auto base_of = [&](size_t unit) {
    const uint32_t bits = units[unit];
    return unit ^ (static_cast<size_t>(bits >> 10) << ((bits & (1u << 9)) >> 6));
  };
  std::vector<bool> seen(units.size());
  std::vector<size_t> reachable;
  const auto reach = [&](size_t unit) {
    if (!seen[unit]) reachable.push_back(unit);
    seen[unit] = true;
  };
  if (units.empty()) return false;
  reach(0);
  while (!reachable.empty()) {
    const size_t unit = reachable.back(), base = base_of(unit);
    reachable.pop_back();
    if ((base | 0xFF) >= units.size()) return false;
    const bool has_value = (units[unit] >> 8 & 1) != 0;
    if (has_value && (units[base] & 0x7FFFFFFF) >= num_text_bytes) return false;
    for (uint32_t byte = 0; byte < 256; ++byte)
      if ((units[base ^ byte] & 0x800000FF) == byte) reach(base ^ byte);
  }
  return true;
}

bool is_sound_charsmap(std::string_view charsmap) {
  uint32_t num_array_bytes = 0;
  if (charsmap.empty()) return true;
  if (charsmap.size() < sizeof num_array_bytes) return false;
  std::memcpy(&num_array_bytes, charsmap.data(), sizeof num_array_bytes);
  charsmap.remove_prefix(sizeof num_array_bytes);
  if (num_array_bytes >= charsmap.size() || num_array_bytes % sizeof(uint32_t) != 0) return false;
  std::vector<uint32_t> units(num_array_bytes / sizeof(uint32_t));
  std::memcpy(units.data(), charsmap.data(), num_array_bytes);
  return stays_inside(units, charsmap.size() - num_array_bytes);
}

}  // namespace

void check_sentencepiece_charsmap(std::string_view model, const std::string& where) {
  MessageFields fields(model);
  while (const auto field = fields.next()) {
    if (field->number != kNormalizerField && field->number != kDenormalizerField) continue;
    MessageFields rules(field->content);
    while (const auto rule = rules.next())
      if (rule->number == kCharsmapField && !is_sound_charsmap(rule->content))
        fail<DataError>("{}: damaged tokeniser: the normalisation rules in its model lead out of it", where);
  }
}

}  // namespace attnzoo
