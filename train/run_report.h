// A run as a page: curves, samples, where the time went. And several runs laid over one another.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace attnzoo {

// RUN/report.html, replaced as a whole. Throws DataError: no log, a link in its place, no room.
void write_run_report(const std::filesystem::path& run);

// The page that shows several runs together; the same page as a report for one. Throws DataError for a folder that is no run.
std::string comparison_of_runs(const std::vector<std::filesystem::path>& runs);

}  // namespace attnzoo
