#include "train/time_account.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace attnzoo {

const char* phase_name(Phase phase) {
  constexpr std::array<const char*, kNumPhases> names = {"data", "forward", "loss", "backward", "optimiser", "validation", "saving"};
  return names[static_cast<size_t>(phase)];
}

double TimeAccount::training_seconds() const {
  double total = 0;
  for (const double seconds : seconds_) total += seconds;
  return total - seconds(Phase::kValidation) - seconds(Phase::kSaving);
}

std::string TimeAccount::text(double total_s) const {
  if (!(total_s > 0)) return "no time measured";
  std::vector<std::pair<double, std::string>> parts;
  double other = total_s;
  for (size_t phase = 0; phase < kNumPhases; ++phase) {
    parts.emplace_back(seconds_[phase], phase_name(static_cast<Phase>(phase)));
    other -= seconds_[phase];
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  parts.emplace_back(std::max(other, 0.0), "other");
  std::vector<std::string> texts;
  for (const auto& [seconds, name] : parts) texts.push_back(fmt::format("{} {:.1f}%", name, 100 * seconds / total_s));
  return fmt::format("{}", fmt::join(texts, ", "));
}

nlohmann::json TimeAccount::to_json() const {
  nlohmann::json fields = nlohmann::json::object();
  for (size_t phase = 0; phase < kNumPhases; ++phase) fields[phase_name(static_cast<Phase>(phase))] = seconds_[phase];
  return fields;
}

}  // namespace attnzoo
