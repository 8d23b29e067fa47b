// What a training run has been: its log read back, for its report and for comparing runs.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attnzoo {

// At most this many report entries of a run; of a longer one every second, third, .. is kept.
inline constexpr size_t kMaxReportEntries = 2000;

// {"run": name, "config": config.json, "start", "train": [..], "validations": [..], "end", "cleaning": {..}, "best_metric", "next":
// [[what, command] ..]}: the entries of log.jsonl (train/train_log.h) by their kind. "end" is null while the run trains or after a crash;
// "cleaning" holds what preparing the text reported, null where that is no longer there; "best_metric" chose the best checkpoint; "next" is
// next_commands(). What of the log or the configuration is damaged is left out, and `damage`, where given, says so (a last line cut short
// by a crash is ordinary). Links inside the folder are not followed. Throws DataError: no run, or a log that cannot be read or holds no
// entry.
nlohmann::json run_history(const std::filesystem::path& run, std::string* damage = nullptr);

}  // namespace attnzoo
