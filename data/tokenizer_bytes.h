// The bytes of a written tokeniser: one line of JSON that describes it, then the vocabulary or model as it is.
//
//   {"attnzoo_tokenizer":1,"kind":"words","num_bytes":1234,"crc32":"89abcdef"}\n...
#pragma once

#include <string>
#include <string_view>

namespace attnzoo {

struct TokenizerBytes {
  std::string kind;
  std::string content;
};

std::string pack_tokenizer(std::string_view kind, std::string_view content);
// Throws DataError beginning with `where`: not a tokeniser, of a newer format, truncated or damaged.
TokenizerBytes unpack_tokenizer(std::string_view bytes, const std::string& where);

}  // namespace attnzoo
