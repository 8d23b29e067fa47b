#include "data/page.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/markup.h"

namespace attnzoo {

namespace {

// Replaces the one place where `page` has `slot`.
void fill(std::string& page, std::string_view slot, std::string_view text) {
  const size_t place = page.find(slot);
  if (place == std::string::npos) fail<Error>("this page's viewer has no place for '{}'", slot);
  page.replace(place, slot.size(), text);
}

// JSON that cannot end the script element it stands in: "</script>" and "<!--" need a "<", which occurs in strings only.
std::string json_block(const nlohmann::json& data) {
  std::string escaped;
  for (const char c : data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<')
      escaped += "\\u003c";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace

std::string make_page(std::string_view viewer, const std::string& title, const nlohmann::json& data) {
  std::string page(viewer);
  const size_t begin = page.find("<title>"), end = page.find("</title>");
  if (begin == std::string::npos || end == std::string::npos) fail<Error>("this page's viewer has no title");
  page.replace(begin, end - begin, "<title>" + markup_text(title));
  fill(page, R"(<script type="application/json" id="data">null</script>)",
       R"(<script type="application/json" id="data">)" + json_block(data) + "</script>");
  return page;
}

std::string page_or_json(const std::filesystem::path& file, std::string_view viewer, const std::string& title, const nlohmann::json& data) {
  return file.extension() == ".json" ? json_text(data, 1) + "\n" : make_page(viewer, title, data);
}

}  // namespace attnzoo
