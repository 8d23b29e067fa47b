// log.jsonl: one JSON object per line, {"event": "start" | "train" | "validation" | "end", "step", "elapsed_s", ...}.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "data/files.h"

namespace attnzoo {

class TrainLog {
 public:
  // Continues an existing log after `step`: later lines, of work that a crash lost, are removed. 0 starts a new log. Throws DataError: no
  // permission, disk full, or a symbolic link, which is never followed.
  TrainLog(std::filesystem::path file, int64_t step);

  // Written to the file at once. Throws DataError (disk full).
  void write(const nlohmann::json& entry);

 private:
  std::filesystem::path file_;
  Stream stream_;
};

}  // namespace attnzoo
