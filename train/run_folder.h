// The folder of one training run: config.json, log.jsonl, prepared/, checkpoints/step-000400/ ... and checkpoints/best, checkpoints/last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace attnzoo {

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path log() const { return path_ / "log.jsonl"; }
  std::filesystem::path prepared() const { return path_ / "prepared"; }
  std::filesystem::path checkpoint(int64_t step) const;

  // Makes the folder for a new run. Throws ConfigError where a run or anything else already lies there; what an earlier start
  // left before its first checkpoint does not count.
  void create() const;
  // The newest checkpoint's directory. Throws CheckpointError without a run or a checkpoint.
  std::filesystem::path last() const;
  void write_config(const nlohmann::json& config) const;

  // The steps of all checkpoints, ascending.
  std::vector<int64_t> steps() const;
  // Removes all checkpoints but the newest `keep` and what best and last point to; and leftovers of interrupted saves.
  void prune(int64_t keep) const;

 private:
  std::filesystem::path path_;
};

}  // namespace attnzoo
