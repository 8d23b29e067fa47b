// Base64 (RFC 4648, 4), for binary data inside JSON.
#pragma once

#include <cstddef>
#include <string>

namespace attnzoo {

std::string base64(const void* bytes, size_t num_bytes);

}  // namespace attnzoo
