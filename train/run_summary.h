// A run, or several, in a few lines of text: how far it came, its scores, where the time went.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace attnzoo {

// For one run some lines, for several a table. Throws DataError for a folder that is no run.
std::string run_summary(const std::vector<std::filesystem::path>& runs);

}  // namespace attnzoo
