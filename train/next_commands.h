// What to do with a run, ready to paste.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/prepare.h"

namespace attnzoo {

// {"translate", "echo ... | attnzoo-translate --run runs/first"}, and so on: using, evaluating, training longer, in the words and with the
// options of the task and the form of its text. options_to_go_on: TrainResult's; empty of a run that no limit has ended.
std::vector<std::pair<std::string, std::string>> next_commands(const std::filesystem::path& run, const std::string& task,
                                                               const DataConfig& data, const std::string& options_to_go_on);

}  // namespace attnzoo
