// log.jsonl: one JSON object a line, {"event": "start" | "train" | "validation" | "end", "step", "elapsed_s", ...}.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace attnzoo {

class TrainLog {
 public:
  // Goes on with an existing log after `step`: later lines, of work that was lost in a crash, are taken out. 0 starts anew.
  TrainLog(std::filesystem::path file, int64_t step);
  ~TrainLog();
  TrainLog(const TrainLog&) = delete;
  TrainLog& operator=(const TrainLog&) = delete;

  // Written through to the file at once. Throws DataError (disk full).
  void write(const nlohmann::json& entry);

 private:
  std::filesystem::path file_;
  std::FILE* stream_ = nullptr;
};

}  // namespace attnzoo
