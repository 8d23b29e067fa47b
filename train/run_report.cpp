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

std::string page_of_runs(const std::vector<nlohmann::json>& histories) {
  const auto title =
      histories.size() == 1 ? histories[0]["run"].get<std::string>() + ": training" : fmt::format("{} runs compared", histories.size());
  return make_page(pages::kRun, title, {{"kind", "runs"}, {"runs", histories}});
}

void write_run_report(const std::filesystem::path& run) {
  write_file(run / "report.html", page_of_runs({run_history(run)}), Links::kRefuse);
}

}  // namespace attnzoo
