// A folder made file by file. Nothing appears under the final name before commit(), which replaces what stood there in one step, and only
// what the same kind of writer made: an empty folder, or one without any other file.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/output_name.h"
#include "data/temporary_path.h"

namespace attnzoo {

// What may be replaced.
struct Replaceable {
  // The files of an existing folder that this kind of writer made. Empty: nothing may be replaced.
  std::function<std::vector<std::string>(const std::filesystem::path& folder)> own_files;
  // Files of others move into the new folder. Otherwise the folder is refused because of them.
  bool keep_others = false;
};

// Whether the folders above it are made, too.
enum class Parents { kMade, kNeeded };

class AtomicDirectory {
 public:
  // Throws ConfigError for a name that may not be replaced (see check()) or that another output has, DataError where no folder can be made.
  explicit AtomicDirectory(std::filesystem::path directory, Replaceable replaceable = {}, Parents parents = Parents::kMade);
  ~AtomicDirectory();  // removes it unless committed
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  // Where the files are to be written until commit(): files only, no folders.
  const std::filesystem::path& path() const { return temporary_->path(); }
  // Throws as the constructor does: the name may have been taken meanwhile.
  void commit();

  // For a check before the work of making the files. Throws ConfigError: a file, a symbolic link, the working folder or one above it, or
  // a folder with anything in it that `replaceable` does not allow to replace.
  static void check(const std::filesystem::path& directory, const Replaceable& replaceable);

 private:
  void replace(const std::vector<std::string>& names);
  std::filesystem::path directory_;
  OutputName name_;
  Replaceable replaceable_;
  std::unique_ptr<MadeFolders> made_folders_;
  std::unique_ptr<TemporaryPath> temporary_;
};

}  // namespace attnzoo
