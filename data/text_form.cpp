#include "data/text_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/progress.h"

namespace attnzoo {
namespace {

constexpr size_t kLinesLookedAt = 5;

bool is_json_object(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos || line[line.find_first_not_of(" \t")] != '{') return false;
  try {
    return parse_json(line, "line").is_object();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string other_form(const std::string& file, std::span<const std::string> lines) {
  const auto first = lines.subspan(0, std::min(lines.size(), kLinesLookedAt));
  if (first.empty()) return "";
  if (std::ranges::all_of(first, is_json_object))
    return fmt::format(
        "{}: looks like JSON lines but is read as plain text, one sentence per line; give it with --jsonl, or extract the text: jq -r "
        ".FIELD",
        file);
  const auto num_tabs = std::ranges::count(first[0], '\t');
  const bool same_tabs = std::ranges::all_of(first, [&](const std::string& line) { return std::ranges::count(line, '\t') == num_tabs; });
  if ((file.ends_with(".tsv") || file.ends_with(".tsv.gz")) && num_tabs > 0 && same_tabs)
    return fmt::format(
        "{}: looks like TSV ({}) but is read as plain text, one sentence per line; give it with --tsv, or extract a column: cut -f1", file,
        counted(num_tabs + 1, "column"));
  return "";
}

void warn_of_other_form(const std::string& file, std::span<const std::string> lines) {
  if (const std::string warning = other_form(file, lines); !warning.empty()) print_message("warning: " + warning);
}

}  // namespace attnzoo
