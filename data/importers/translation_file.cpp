#include "data/importers/translation_file.h"

#include <algorithm>

namespace attnzoo {
namespace {

std::string_view take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The text behind the bullet of a list item, or "" when the line does not start one.
std::string_view item_text(std::string_view trimmed, bool verbatim) {
  for (const std::string_view bullet : {"* ", "- ", "+ ", "\xE2\x80\xA2 ", "o "}) {
    if (bullet == "o " && !verbatim) continue;  // a word in several languages
    if (trimmed.starts_with(bullet)) return trim(trimmed.substr(bullet.size()));
  }
  return {};
}

// Collects the lines of one description into blocks.
class BlockReader {
 public:
  explicit BlockReader(std::vector<DescriptionBlock>& blocks) : blocks_(blocks) {}

  // `line` as it stands in the file: one space and the text, two or more spaces before verbatim text, " ." between paragraphs.
  void add(std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty() || text == ".") {
      open_ = false;
      return;
    }
    const bool verbatim = line.starts_with("  ") || line.starts_with(" \t");
    if (const std::string_view item = item_text(text, verbatim); !item.empty()) {
      start(true, item);
    } else if (open_ && (verbatim == open_verbatim_ || (verbatim && blocks_.back().is_item))) {
      blocks_.back().text.append(" ").append(text);  // a wrapped line
      return;
    } else if (verbatim) {
      open_ = false;  // a table or code: nothing to learn from
      return;
    } else {
      start(false, text);
    }
    open_verbatim_ = verbatim;
  }

 private:
  void start(bool is_item, std::string_view text) {
    blocks_.push_back({is_item, std::string(text)});
    open_ = true;
  }

  std::vector<DescriptionBlock>& blocks_;
  bool open_ = false, open_verbatim_ = false;
};

// One record: the lines up to an empty one.
void parse_record(std::string_view& rest, const std::string& description_field, DescriptionTable& table) {
  PackageDescription description;
  std::string digest;
  bool in_description = false;
  BlockReader reader(description.blocks);
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) break;
    if (line[0] == ' ' || line[0] == '\t') {
      if (in_description) reader.add(line);
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string_view field = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    in_description = field == description_field;
    if (in_description) description.title = value;
    if (field == "Package") description.package = value;
    if (field == "Description-md5") digest = value;
  }
  if (digest.empty() || description.title.empty() || description.title.starts_with(kUntranslatedMark)) return;
  table.try_emplace(digest, std::move(description));
}

}  // namespace

void parse_translation_file(std::string_view text, const std::string& language, DescriptionTable& table) {
  const std::string description_field = "Description-" + language;
  while (!text.empty()) parse_record(text, description_field, table);
}

}  // namespace attnzoo
