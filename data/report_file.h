// Where the report of a program goes: a page for a browser or, for FILE.json, its data alone.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/files.h"

namespace attnzoo {

class ReportFile {
 public:
  // Opens the file, so that a place that cannot be written is known before the work. Throws ConfigError where it is one of `inputs`
  // (`option` is for the message: "--report"), DataError where it cannot be written.
  ReportFile(const std::string& option, const std::filesystem::path& path, const std::vector<std::filesystem::path>& inputs);

  // Writes page(document), or for FILE.json the document, in one step: nothing stands under the file's name before.
  void write(const nlohmann::json& document, const std::function<std::string(const nlohmann::json&)>& page);

 private:
  std::filesystem::path path_;
  std::unique_ptr<AtomicFile> file_;
};

}  // namespace attnzoo
