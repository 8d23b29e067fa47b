// Reads one binary gettext catalog (.mo), of either byte order, without trusting a single offset in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

struct CatalogMessage {
  std::string context;  // "" for none
  std::string id;       // the English text; the singular of a plural entry, or its plural where the language has one form only
  std::string text;     // the translation of `id`, UTF-8
};

// In the order of the file, without the header entry. Throws DataError: not a .mo, truncated, an offset out of bounds, entries that share
// their bytes so often that the text is larger than the file, a charset other than UTF-8, US-ASCII, ISO-8859-1 and ISO-8859-15. `where`
// names the file in messages.
std::vector<CatalogMessage> parse_mo(std::string_view bytes, const std::string& where);

}  // namespace attnzoo
