// A run as a page: curves, samples, where the time went. And several runs laid over one another.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// RUN/report.html, replaced as a whole. Throws DataError: no log, a link in its place, no room.
void write_run_report(const std::filesystem::path& run);

// What belongs into `file`: the page that shows runs together by their histories (train/run_history.h), of one run its report; for
// FILE.json its data alone.
std::string page_of_runs(const std::filesystem::path& file, const std::vector<nlohmann::json>& histories);

}  // namespace attnzoo
