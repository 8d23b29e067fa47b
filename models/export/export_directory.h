// A folder that an export makes: it appears whole, with attnzoo-export.json, which lists its files. By that list a later export knows which
// folder it may replace: an empty one, or an earlier export in the same format of which no file was added or changed.
#pragma once

#include <filesystem>
#include <string>

#include "data/atomic_directory.h"

namespace attnzoo {

class ExportDirectory {
 public:
  // `format` as --format has it. Throws as check() does, and DataError where no folder can be made.
  ExportDirectory(const std::filesystem::path& directory, const std::string& format);

  // Where the files are to be written until commit().
  const std::filesystem::path& path() const { return made_.path(); }
  void commit();

  // For a check before the model is loaded. Throws ConfigError for a name that may not be replaced.
  static void check(const std::filesystem::path& directory, const std::string& format);

 private:
  std::string format_;
  AtomicDirectory made_;
};

}  // namespace attnzoo
