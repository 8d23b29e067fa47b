// Which files a folder holds, by size and checksum: {"config.json": {"bytes": 812, "crc32": "0fa3c2d1"}, ...}. A writer leaves the list in
// the folder, so that a later one knows which files are its own and unchanged.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// Of all files of `folder`, which holds files only. Throws DataError.
nlohmann::json list_files(const std::filesystem::path& folder);
// The entry of one file. Throws DataError.
nlohmann::json list_entry(const std::filesystem::path& file);

// The names in `list` whose files stand in `folder` as they were listed. A list that is damaged in any way names fewer.
std::vector<std::string> unchanged_files(const std::filesystem::path& folder, const nlohmann::json& list);

// All names in a folder, sorted; empty where it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace attnzoo
