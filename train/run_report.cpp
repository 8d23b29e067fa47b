#include "train/run_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "data/files.h"
#include "data/page.h"
#include "train/run_history.h"

namespace attnzoo {

namespace pages {
extern const std::string_view kRun;
}

std::string page_of_runs(const std::filesystem::path& file, const std::vector<nlohmann::json>& histories) {
  const auto title =
      histories.size() == 1 ? histories[0]["run"].get<std::string>() + ": training" : fmt::format("{} runs compared", histories.size());
  return page_or_json(file, pages::kRun, title, {{"kind", "runs"}, {"runs", histories}});
}

void write_run_report(const std::filesystem::path& run) {
  const auto file = run / "report.html";
  write_file(file, page_of_runs(file, {run_history(run)}), Links::kRefuse);
}

}  // namespace attnzoo
