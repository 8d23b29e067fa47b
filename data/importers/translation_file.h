// Reads a Translation-XX file of a Debian archive: package descriptions of one language as deb822 text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// How a text begins that nobody has translated yet.
inline constexpr std::string_view kUntranslatedMark = "<trans>";

// A paragraph or list item with its wrapped lines joined by one space; the bullet of an item is taken off.
struct DescriptionBlock {
  bool is_item = false;
  std::string text;
};

struct PackageDescription {
  std::string package;
  std::string title;
  // Without tables, code and other verbatim text.
  std::vector<DescriptionBlock> blocks;
};

// By Description-md5, the digest of the untranslated description, which joins the languages. Packages that share a description are one.
using DescriptionTable = std::map<std::string, PackageDescription>;

// Adds the records of `text` to `table`; without those that lack Description-<language> or md5, have an untranslated title or are
// longer than 1 MiB. Never fails: whatever is not deb822 is skipped.
void parse_translation_file(std::string_view text, const std::string& language, DescriptionTable& table);

}  // namespace attnzoo
