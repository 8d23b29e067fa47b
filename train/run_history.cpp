#include "train/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "data/error.h"
#include "data/files.h"
#include "data/json_parser.h"
#include "data/progress.h"

namespace attnzoo {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// A file of the run as JSON; null where it is not there or is damaged, since a report without it is still one.
json read_if_there(const fs::path& file) {
  json value;
  try {
    if (parse_json_text(read_file(file, kMaxJsonBytes, Links::kRefuse), JsonComments::kRefuse, value)) return nullptr;
  } catch (const DataError&) {
    return nullptr;
  }
  return value;
}

// Every n-th entry, the last one included.
void thin_out(json& entries) {
  if (entries.size() <= kMaxReportEntries) return;
  const size_t every = (entries.size() + kMaxReportEntries - 1) / kMaxReportEntries;
  auto kept = json::array();
  for (size_t i = (entries.size() - 1) % every; i < entries.size(); i += every) kept.push_back(std::move(entries[i]));
  entries = std::move(kept);
}

}  // namespace

json run_history(const fs::path& run, std::string* damage) {
  std::error_code ignored;
  if (!fs::exists(run / "log.jsonl", ignored))
    fail<DataError>("{}: is no run: it has no log.jsonl; give a folder that attnzoo-train wrote", run.string());
  const auto log = read_file(run / "log.jsonl", kMaxFileBytes, Links::kRefuse);
  json history = {{"run", run.lexically_normal().string()},
                  {"config", read_if_there(run / "config.json")},
                  {"start", nullptr},
                  {"train", json::array()},
                  {"validations", json::array()},
                  {"end", nullptr},
                  {"cleaning", nullptr}};
  int64_t line = 0, num_entries = 0, num_broken = 0, first_broken = 0;
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    json entry;
    const bool is_json = !parse_json_text(std::string_view(log).substr(begin, end - begin), JsonComments::kRefuse, entry);
    begin = end + 1;
    ++line;
    if (!is_json || !entry.is_object() || !entry.contains("event") || !entry["event"].is_string()) {
      if (begin <= log.size() && ++num_broken == 1) first_broken = line;  // the last line may be half-written by a crash
      continue;
    }
    ++num_entries;
    const auto event = entry["event"].get<std::string>();
    if (event == "train") {
      history["train"].push_back(std::move(entry));
      history["end"] = nullptr;
    } else if (event == "validation") {
      history["validations"].push_back(std::move(entry));
    } else if (event == "start" || event == "end") {
      history[event] = std::move(entry);
    }
  }
  if (num_entries == 0) fail<DataError>("{}: is no run: its log.jsonl holds no entry of one", run.string());
  if (damage != nullptr && num_broken > 0)
    *damage = fmt::format("{}: {} cannot be read, the first at line {}, and {} left out", (run / "log.jsonl").string(),
                          counted(num_broken, "line"), first_broken, num_broken == 1 ? "is" : "are");
  if (damage != nullptr && history["config"].is_null())
    *damage +=
        fmt::format("{}{}: is missing or damaged, so the recipe is not shown", damage->empty() ? "" : "\n", (run / "config.json").string());
  thin_out(history["train"]);
  if (const auto prepared = read_if_there(run / "prepared" / "prepared.json"); prepared.is_object()) {
    history["cleaning"] = json::object();
    for (const char* part : {"train", "valid"})
      if (const json::json_pointer report(fmt::format("/{}/report", part)); prepared.contains(report))
        history["cleaning"][part] = prepared[report];
  }
  return history;
}

}  // namespace attnzoo
