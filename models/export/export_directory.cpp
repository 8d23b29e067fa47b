#include "models/export/export_directory.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

constexpr const char* kExportList = "attnzoo-export.json";

Replaceable exports_in(const std::string& format) {
  return {[format](const std::filesystem::path& folder) -> std::vector<std::string> {
    try {
      const auto list = read_json(folder / kExportList);
      if (!list.is_object() || list.value("format", nlohmann::json()) != format) return {};
      auto names = unchanged_files(folder, list.value("files", nlohmann::json()));
      names.push_back(kExportList);
      return names;
    } catch (const Error&) {  // no list, so no export
      return {};
    }
  }};
}

}  // namespace

ExportDirectory::ExportDirectory(const std::filesystem::path& directory, const std::string& format)
    : format_(format), made_(directory, exports_in(format)) {}

void ExportDirectory::commit() {
  const nlohmann::json list = {{"format", format_}, {"files", list_files(path())}};
  write_file(path() / kExportList, list.dump(2) + "\n");
  made_.commit();
}

void ExportDirectory::check(const std::filesystem::path& directory, const std::string& format) {
  AtomicDirectory::check(directory, exports_in(format));
}

}  // namespace attnzoo
