// A recipe to start with, for text that an importer has just written: everything that attnzoo-train needs, with settings that fit the
// amount of text.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attnzoo {

// Settings for so many pairs and fewer; the table of train/README.md ("From the amount of text to settings") says what they reach.
struct SettingsForSize {
  int64_t num_pairs;
  int64_t vocabulary_size;
  const char* preset;
  int64_t batch_tokens;
  double dropout, learning_rate;
  const char* max_time;
};
const SettingsForSize& settings_for(int64_t num_pairs);

// `task` as recipes name it; `data`: train and, where there is validation text, valid. The recipe as JSON with comments.
std::string starting_recipe(const std::string& task, const nlohmann::json& data, int64_t num_pairs);

}  // namespace attnzoo
