#include "data/importers/packages_index.h"

#include "data/importers/deb822.h"

namespace attnzoo {

void parse_packages_index(std::string_view text, PackagesIndex& index) {
  while (!text.empty()) {
    std::string_view package, digest, section;
    for (Deb822Line line = take_deb822_line(text); line.kind != Deb822Line::kRecordEnd; line = take_deb822_line(text)) {
      if (line.field == "Package") package = line.value;
      if (line.field == "Description-md5") digest = line.value;
      if (line.field == "Section") section = line.value.substr(line.value.rfind('/') + 1);  // npos + 1 is 0
    }
    if (package.empty()) continue;
    if (digest.empty() || section.empty()) {
      ++index.num_incomplete;
      continue;
    }
    const auto [known, is_new] = index.sections.try_emplace(std::string(digest), section);
    if (!is_new && known->second != section) known->second.clear();
  }
}

}  // namespace attnzoo
