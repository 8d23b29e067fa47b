#include "train/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "data/error.h"
#include "data/files.h"
#include "data/json_parser.h"

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

json run_history(const fs::path& run) {
  const auto log = read_file(run / "log.jsonl", kMaxFileBytes, Links::kRefuse);
  json history = {{"run", run.lexically_normal().string()},
                  {"config", read_if_there(run / "config.json")},
                  {"start", nullptr},
                  {"train", json::array()},
                  {"validations", json::array()},
                  {"end", nullptr},
                  {"cleaning", nullptr}};
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    json entry;
    const bool broken = parse_json_text(std::string_view(log).substr(begin, end - begin), JsonComments::kRefuse, entry).has_value();
    begin = end + 1;
    if (broken || !entry.is_object() || !entry.contains("event") || !entry["event"].is_string()) continue;  // half-written by a crash
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
