// One program at a time in a folder. The lock is held on a file in it (flock), so that it ends with the process, however that ends; the
// file says who holds it. The destructor removes the file, and the folders that the lock had to make if nothing else is in them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "data/temporary_path.h"

namespace attnzoo {

class FolderLock {
 public:
  // Called once where another process holds the lock, with its name ("process 4711 on sirius", or "another process"): throws to give up,
  // returns to wait.
  using Busy = std::function<void(const std::string& owner)>;

  // `file` is the lock in the folder, "prepared/lock". Throws DataError where it cannot be made ("...; ADVICE") or is not attnzoo's.
  FolderLock(std::filesystem::path file, const std::string& advice, const Busy& busy);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  void open(const std::string& advice);
  std::unique_ptr<MadeFolders> made_folders_;
  std::filesystem::path file_;
  int handle_ = -1;
};

}  // namespace attnzoo
