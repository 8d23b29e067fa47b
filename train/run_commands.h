// attnzoo-train show and attnzoo-train compare: what is said of finished runs.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace attnzoo {

// run_history(), with a message on standard error where something of the run is damaged.
nlohmann::json history_with_warning(const std::filesystem::path& run);

// The commands' mains; argv[0] is the command.
int show_runs(int argc, char** argv);
int compare_runs(int argc, char** argv);

}  // namespace attnzoo
