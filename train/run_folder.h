// The folder of one training run: config.json, log.jsonl, prepared/, checkpoints/step-000400/ ... and checkpoints/best, checkpoints/last.
// It may come from somebody else, so only best and last may be links, to a checkpoint beside them; nothing else in it is followed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/folder_lock.h"

namespace attnzoo {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path log() const { return path_ / "log.jsonl"; }
  std::filesystem::path prepared() const { return path_ / "prepared"; }
  std::filesystem::path checkpoint(int64_t step) const;

  // To be held for the whole training, and taken before anything in the folder is read or written. Makes the folder; where nothing is
  // written to it afterwards, it is removed with the lock. Throws ConfigError: another process holds it, or there is a symbolic link that
  // would be written through.
  std::unique_ptr<const FolderLock> lock() const;

  // Makes the folder for a new run. Throws ConfigError where a run or anything else already lies there; what an earlier start
  // left before its first checkpoint does not count.
  void create() const;
  // The newest checkpoint's directory; `note` receives a line for the user where checkpoints/last does not name it. Throws CheckpointError
  // without a run or a checkpoint.
  std::filesystem::path last(std::string* note = nullptr) const;
  void write_config(const nlohmann::json& config) const;

  // The steps of all checkpoints, ascending.
  std::vector<int64_t> steps() const;
  // Removes all checkpoints but the newest `keep`, what best and last point to, and that of step `best`; and what interrupted saves left.
  // Files that training did not write stay.
  void prune(int64_t keep, int64_t best = -1) const;

 private:
  void refuse_links() const;
  std::filesystem::path path_;
};

}  // namespace attnzoo
