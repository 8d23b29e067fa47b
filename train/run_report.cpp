#include "train/run_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "data/error.h"
#include "data/files.h"
#include "data/page.h"
#include "train/run_history.h"

namespace attnzoo {

namespace pages {
extern const std::string_view kRun;
}

std::string comparison_of_runs(const std::vector<std::filesystem::path>& runs) {
  nlohmann::json document = {{"kind", "runs"}, {"runs", nlohmann::json::array()}};
  for (const auto& run : runs) {
    std::error_code ignored;
    if (!std::filesystem::exists(run / "log.jsonl", ignored))
      fail<DataError>("{}: is no run: it has no log.jsonl; give folders that attnzoo-train wrote", run.string());
    document["runs"].push_back(run_history(run));
  }
  const auto title = runs.size() == 1 ? runs[0].string() + ": training" : fmt::format("{} runs compared", runs.size());
  return make_page(pages::kRun, title, document);
}

void write_run_report(const std::filesystem::path& run) { write_file(run / "report.html", comparison_of_runs({run}), Links::kRefuse); }

}  // namespace attnzoo
