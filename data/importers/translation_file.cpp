#include "data/importers/translation_file.h"

#include "data/importers/deb822.h"

namespace attnzoo {
namespace {

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

// The longest descriptions have some 10 kB.
constexpr size_t kMaxRecordBytes = size_t{1} << 20;

// One record: the lines up to an empty one.
void parse_record(std::string_view& rest, const std::string& description_field, DescriptionTable& table) {
  PackageDescription description;
  std::string digest;
  bool in_description = false, too_long = false;
  const size_t num_bytes = rest.size();
  BlockReader reader(description.blocks);
  for (Deb822Line line = take_deb822_line(rest); line.kind != Deb822Line::kRecordEnd; line = take_deb822_line(rest)) {
    too_long = num_bytes - rest.size() > kMaxRecordBytes;
    if (too_long) continue;
    if (line.kind == Deb822Line::kContinuation) {
      if (in_description) reader.add(line.value);
      continue;
    }
    in_description = line.field == description_field;
    if (in_description) description.title = line.value;
    if (line.field == "Package") description.package = line.value;
    if (line.field == "Description-md5") digest = line.value;
  }
  if (too_long || digest.empty() || description.title.empty() || description.title.starts_with(kUntranslatedMark)) return;
  table.try_emplace(digest, std::move(description));
}

}  // namespace

void parse_translation_file(std::string_view text, const std::string& language, DescriptionTable& table) {
  const std::string description_field = "Description-" + language;
  while (!text.empty()) parse_record(text, description_field, table);
}

}  // namespace attnzoo
