#include "data/protobuf_fields.h"

#include <limits>

namespace attnzoo {

std::optional<uint64_t> ProtobufFields::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> ProtobufFields::fixed(size_t num_bytes) {
  if (rest_.size() < num_bytes) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < num_bytes; ++i) value |= uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
  rest_.remove_prefix(num_bytes);
  return value;
}

std::optional<ProtobufFields::Field> ProtobufFields::next() {
  if (rest_.empty() || damaged_) return std::nullopt;
  const auto tag = varint();
  damaged_ = true;  // until the field turns out to be whole
  if (!tag || *tag > std::numeric_limits<uint32_t>::max() || *tag >> 3 == 0) return std::nullopt;
  Field field{*tag >> 3, static_cast<Wire>(*tag & 7), 0, {}};
  std::optional<uint64_t> value;
  switch (field.wire) {
    case Wire::kVarint:
    case Wire::kBytes:
      value = varint();
      break;
    case Wire::kFixed64:
      value = fixed(8);
      break;
    case Wire::kFixed32:
      value = fixed(4);
      break;
  }
  if (!value) return std::nullopt;
  field.value = *value;
  if (field.wire == Wire::kBytes) {
    if (*value > rest_.size()) return std::nullopt;
    field.content = rest_.substr(0, *value);
    rest_.remove_prefix(*value);
  }
  damaged_ = false;
  return field;
}

}  // namespace attnzoo
