#include "train/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/progress.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

using nlohmann::json;

// The metrics that a validation may have.
struct Shown {
  std::string key, name;
  bool lower_is_better;
};

// In the order in which they are shown: first the one that chooses the best checkpoint.
std::vector<Shown> metrics_of(const json& history) {
  const auto& config = history["config"];
  const bool labels = config.is_object() && config.value("task", json()) == "classification";
  std::vector<Shown> metrics = {
      {"bleu", "BLEU", false},         {"chrf", "chrF", false}, {"accuracy", labels ? "accuracy" : "token accuracy", false},
      {"macro_f1", "macro-F1", false}, {"loss", "loss", true},  {"perplexity", "perplexity", true}};
  std::ranges::stable_partition(metrics, [&](const Shown& metric) { return metric.key == history["best_metric"]; });
  return metrics;
}

std::optional<double> number(const json& entry, const std::string& key) {
  if (!entry.is_object() || !entry.contains(key) || !entry[key].is_number()) return {};
  return entry[key].get<double>();
}

std::string text_of(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

std::string family_of(const json& history) {
  return history["config"].is_object() ? text_of(history["config"].value("model", json::object()), "family") : "";
}

const json* best_validation(const json& validations, const Shown& metric) {
  const json* best = nullptr;
  for (const auto& entry : validations) {
    const auto value = number(entry, metric.key);
    if (!value) continue;
    if (best == nullptr || (metric.lower_is_better ? *value < *number(*best, metric.key) : *value > *number(*best, metric.key)))
      best = &entry;
  }
  return best;
}

// The last of all entries: how far the run has come.
json last_entry(const json& history) {
  json last = json::object();
  for (const char* kind : {"train", "validations"})
    for (const auto& entry : history[kind])
      if (number(entry, "step").value_or(0) >= number(last, "step").value_or(0)) last = entry;
  if (history["end"].is_object() && number(history["end"], "step").value_or(0) >= number(last, "step").value_or(0)) last = history["end"];
  return last;
}

std::string scores(const json& entry, const std::vector<Shown>& metrics) {
  std::string text;
  for (const auto& metric : metrics)
    if (const auto value = number(entry, metric.key)) text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", metric.name, *value);
  return text;
}

std::string where_time_went(const json& end) {
  if (!end.is_object() || !end.contains("seconds") || !end["seconds"].is_object()) return "";
  std::vector<std::pair<double, std::string>> phases;
  double total = 0;
  for (const auto& [name, value] : end["seconds"].items())
    if (value.is_number() && value.get<double>() > 0) {
      phases.emplace_back(value.get<double>(), name);
      total += value.get<double>();
    }
  std::sort(phases.rbegin(), phases.rend());
  std::string text;
  for (const auto& [seconds, name] : phases) text += fmt::format("{}{} {:.0f}%", text.empty() ? "" : ", ", name, 100 * seconds / total);
  return text;
}

std::string one_run(const json& history) {
  const auto last = last_entry(history);
  std::string text = fmt::format("{}: {} with {} parameters\n", text_of(history, "run"), family_of(history),
                                 short_count(number(history["start"], "parameters").value_or(0)));
  text += fmt::format(
      "  {} after {} and {}\n",
      history["end"].is_object() ? "ended (" + text_of(history["end"], "reason") + ")" : std::string("training, or stopped by a crash,"),
      counted(static_cast<int64_t>(number(last, "step").value_or(0)), "step"), short_duration(number(last, "elapsed_s").value_or(0)));
  const auto& validations = history["validations"];
  const auto metrics = metrics_of(history);
  for (const auto& metric : metrics)
    if (const auto* best = best_validation(validations, metric))
      text += fmt::format("  best {} {:.2f} at step {}\n", metric.name, *number(*best, metric.key), number(*best, "step").value_or(0));
  if (!validations.empty())
    text += fmt::format("  last validation, step {}: {}\n", number(validations.back(), "step").value_or(0),
                        scores(validations.back(), metrics));
  if (const auto time = where_time_went(history["end"]); !time.empty()) text += "  time: " + time + "\n";
  return text;
}

}  // namespace

std::string run_summary(const std::vector<json>& histories) {
  if (histories.size() == 1) return one_run(histories[0]);
  std::vector<std::vector<std::string>> rows = {{"run", "model", "steps", "time", "best", "at step", "loss there"}};
  for (const auto& history : histories) {
    const auto last = last_entry(history);
    std::vector<std::string> row = {text_of(history, "run"),
                                    family_of(history),
                                    fmt::format("{}", number(last, "step").value_or(0)),
                                    short_duration(number(last, "elapsed_s").value_or(0)),
                                    "-",
                                    "-",
                                    "-"};
    for (const auto& metric : metrics_of(history))
      if (const auto* best = best_validation(history["validations"], metric)) {
        row[4] = fmt::format("{} {:.2f}", metric.name, *number(*best, metric.key));
        row[5] = fmt::format("{}", number(*best, "step").value_or(0));
        if (const auto loss = number(*best, "loss")) row[6] = fmt::format("{:.3f}", *loss);
        break;
      }
    rows.push_back(std::move(row));
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      size_t width = 0;
      for (const auto& other : rows) width = std::max(width, count_characters(other[c]));
      text += row[c] + (c + 1 < row.size() ? std::string(width - count_characters(row[c]) + 2, ' ') : "\n");
    }
  }
  return text;
}

}  // namespace attnzoo
