// The names of what is not finished: ".attnzoo-0123456789abcdef.tmp" beside the final name. The digits are random and the entry is created
// exclusively, so nothing that exists is ever opened, written or removed.
#pragma once

#include <filesystem>
#include <vector>

namespace attnzoo {

// A new file or folder under such a name, locked (flock) while this process works on it and removed at the end.
class TemporaryPath {
 public:
  enum class Kind { kFile, kDirectory };

  // Throws std::system_error. In "" it is made in the working folder.
  TemporaryPath(const std::filesystem::path& folder, Kind kind);
  ~TemporaryPath();
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // The open file, for reading and writing. The caller closes it.
  int take_handle();
  // The entry has been renamed or removed: there is nothing left to do here.
  void release();

 private:
  std::filesystem::path path_;
  Kind kind_;
  int handle_ = -1;
  int slot_ = -1;  // in the table that remove_temporary_files() (data/files.h) reads
};

// A name of this form in `folder`, for entries that the caller makes himself (a link, a folder that is renamed).
std::filesystem::path new_temporary_name(const std::filesystem::path& folder);

// Removes a folder of plain files. False when something remains, with the reason in errno. Safe in a signal handler.
bool remove_flat_directory(const char* directory) noexcept;

// Removes what killed programs left in `folder` under such names. What a live program works on stays.
void remove_leftovers(const std::filesystem::path& folder);

// Makes the folders that are missing on the way to `folder`, itself included. The destructor removes those that are empty by then.
class MadeFolders {
 public:
  // Throws std::system_error.
  explicit MadeFolders(const std::filesystem::path& folder);
  ~MadeFolders();
  MadeFolders(const MadeFolders&) = delete;
  MadeFolders& operator=(const MadeFolders&) = delete;

 private:
  std::vector<std::filesystem::path> made_;  // outermost first
};

}  // namespace attnzoo
