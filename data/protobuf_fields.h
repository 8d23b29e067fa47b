// The wire format of protocol buffers, as far as a file from elsewhere is checked before the library that owns it reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace attnzoo {

// The fields of one message, one after the other.
class ProtobufFields {
 public:
  enum class Wire { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  struct Field {
    uint64_t number = 0;
    Wire wire = Wire::kVarint;
    uint64_t value = 0;        // of a varint, or the bits of a fixed number
    std::string_view content;  // of a string, of bytes or of a message
  };

  explicit ProtobufFields(std::string_view message) : rest_(message) {}
  // The next field; nothing at the end and at bytes that make no sense.
  std::optional<Field> next();
  // Whether next() met bytes that make no sense: a field that is cut, a number of more than 64 bits, a group.
  bool damaged() const { return damaged_; }

 private:
  std::optional<uint64_t> varint();
  std::optional<uint64_t> fixed(size_t num_bytes);
  std::string_view rest_;
  bool damaged_ = false;
};

}  // namespace attnzoo
