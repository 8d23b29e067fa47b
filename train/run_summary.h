// A run, or several, in a few lines of text: how far it came, its scores, where the time went.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// By their histories (train/run_history.h): for one run some lines, for several a table.
std::string run_summary(const std::vector<nlohmann::json>& histories);

}  // namespace attnzoo
