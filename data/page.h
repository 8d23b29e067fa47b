// Pages to look at: one self-contained HTML file of a viewer and its data. Viewers are the files FOLDER/pages/*.html with their styles and
// scripts, which cmake/pages.cmake puts into the programs as attnzoo::pages::kName.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace attnzoo {

// The page that shows `data`, which the viewer's script reads as one JSON value (pageData() in data/pages/page.js). Text in `data` and
// `title` may be anything: none of it can end its element or run, and bytes that are not UTF-8 become U+FFFD.
std::string make_page(std::string_view viewer, const std::string& title, const nlohmann::json& data);

// What belongs into `file`: that page, or for FILE.json its data alone.
std::string page_or_json(const std::filesystem::path& file, std::string_view viewer, const std::string& title, const nlohmann::json& data);

}  // namespace attnzoo
