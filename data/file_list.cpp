#include "data/file_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {

namespace fs = std::filesystem;

nlohmann::json list_entry(const fs::path& file) {
  std::error_code error;
  const uintmax_t num_bytes = fs::file_size(file, error);
  if (error) fail<DataError>("{}: cannot be read: {}", file.string(), error.message());
  return {{"bytes", num_bytes}, {"crc32", fmt::format("{:08x}", crc32_of_file(file))}};
}

nlohmann::json list_files(const fs::path& folder) {
  auto list = nlohmann::json::object();
  for (const std::string& name : names_in(folder)) list[name] = list_entry(folder / name);
  return list;
}

std::vector<std::string> unchanged_files(const fs::path& folder, const nlohmann::json& list) {
  std::vector<std::string> unchanged;
  if (!list.is_object()) return unchanged;
  for (const auto& [name, entry] : list.items()) {
    std::error_code error;
    const fs::path file = folder / name;
    if (name.empty() || name.find('/') != std::string::npos || !fs::is_regular_file(fs::symlink_status(file, error))) continue;
    try {
      if (list_entry(file) == entry) unchanged.push_back(name);
    } catch (const DataError&) {  // not readable: not known to be ours
    }
  }
  return unchanged;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace attnzoo
