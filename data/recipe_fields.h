// Finds the recipe's field that somebody looked for among the command line's options: --lr is --set train.learning_rate=...
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

// A data section with every field written out, those of every form of text in `train`.
nlohmann::json complete_data_section();

// "data.tokenizer.kind", "train.max_steps", ...: every field of a recipe written out in full.
std::vector<std::string> dotted_keys(const nlohmann::json& recipe);

// The keys that `option` names: "max-steps" and "train.max_steps" name train.max_steps, "early-stopping-patience" the whole end of a key,
// "optimizer" a section's kind, and names that are usual elsewhere ("lr", "epochs") what they mean here. Empty when there are none.
std::vector<std::string> fields_called(const std::string& option, const std::vector<std::string>& keys);

}  // namespace attnzoo
