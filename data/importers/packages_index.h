// Reads the Packages index of a Debian archive: which section each description belongs to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace attnzoo {

struct PackagesIndex {
  // Description-md5 -> section, without the archive area before it: "games" for "contrib/games". "" where packages of different sections
  // share the description.
  std::map<std::string, std::string> sections;
  // Packages that lack a section or a Description-md5.
  int64_t num_incomplete = 0;
};

// Adds the records of `text` to `index`. Never fails: whatever is not deb822 is skipped.
void parse_packages_index(std::string_view text, PackagesIndex& index);

}  // namespace attnzoo
