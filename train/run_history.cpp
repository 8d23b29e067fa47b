#include "train/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "data/error.h"
#include "data/files.h"
#include "data/json_parser.h"
#include "data/progress.h"
#include "train/next_commands.h"
#include "train/training_recipe.h"

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

// The metric that chose the best checkpoint: that of the recipe, or the one that "auto" stood for, which runs of earlier versions did not
// log.
json best_metric(const json& history) {
  const json::json_pointer field("/train/best_metric");
  if (history["config"].is_object() && history["config"].contains(field) && history["config"][field] != kAutoMetric)
    return history["config"][field];
  const auto& start = history["start"];
  if (start.is_object() && start.contains("best_metric")) return start["best_metric"];
  if (!history["validations"].empty())
    for (const char* metric : {"bleu", "chrf"})
      if (history["validations"].back().contains(metric)) return metric;
  const bool labels = history["config"].is_object() && history["config"].value("task", json()) == "classification";
  return labels ? "accuracy" : "loss";
}

// What to do with the run; nothing where its recipe is damaged.
json commands_for(const fs::path& run, const json& history) {
  auto commands = json::array();
  try {
    const auto recipe = TrainingRecipe::from_json(history["config"], fs::current_path());
    const auto options = history["end"].is_object() ? history["end"].value("options_to_go_on", "") : "";
    // A page is opened from anywhere, so its commands name the folder in full.
    for (const auto& [what, command] :
         next_commands(fs::absolute(run / "").lexically_normal().parent_path(), recipe.task, recipe.data, options))
      commands.push_back(json::array({what, command}));
  } catch (const std::exception&) {
  }
  return commands;
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
  history["best_metric"] = best_metric(history);
  history["next"] = commands_for(run, history);
  if (const auto prepared = read_if_there(run / "prepared" / "prepared.json"); prepared.is_object()) {
    history["cleaning"] = json::object();
    for (const char* part : {"train", "valid"})
      if (const json::json_pointer report(fmt::format("/{}/report", part)); prepared.contains(report))
        history["cleaning"][part] = prepared[report];
  }
  return history;
}

}  // namespace attnzoo
