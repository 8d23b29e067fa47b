#include "data/recipe_fields.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/json_fields.h"
#include "data/prepare.h"

namespace attnzoo {
namespace {

// What other trainers call it.
const std::multimap<std::string_view, std::string_view> kUsualElsewhere = {
    {"lr", "learning_rate"},
    {"epochs", "max_epochs"},
    {"num_epochs", "max_epochs"},
    {"num_train_epochs", "max_epochs"},
    {"steps", "max_steps"},
    {"train_steps", "max_steps"},
    {"max_update", "max_steps"},
    {"batch_size", "batch_tokens"},
    {"batch_size", "batch_sentences"},
    {"max_tokens", "batch_tokens"},
    {"vocab_size", "vocabulary_size"},
    {"vocab", "vocabulary_size"},
    {"warmup", "warmup_steps"},
    {"warmup_updates", "warmup_steps"},
    {"clip", "clip_norm"},
    {"grad_clip", "clip_norm"},
    {"max_grad_norm", "clip_norm"},
    {"accumulation_steps", "accumulate"},
    {"gradient_accumulation_steps", "accumulate"},
    {"update_freq", "accumulate"},
    {"ema", "ema_decay"},
    {"eval_every", "validate_every"},
    {"eval_steps", "validate_every"},
    {"save_every", "validate_every"},
    {"save_steps", "validate_every"},
    {"early_stopping", "early_stopping.patience"},
    {"optimiser", "optimizer"},
    {"tokeniser", "tokenizer"},
    {"scheduler", "schedule"},
    {"lr_scheduler", "schedule"},
    {"arch", "model.family"},
    {"model", "model.family"},
    {"dim", "model_dim"},
    {"d_model", "model_dim"},
    {"hidden_size", "model_dim"},
    {"heads", "num_heads"},
};

void add_keys(const nlohmann::json& value, const std::string& prefix, std::vector<std::string>& keys) {
  if (!value.is_object()) {
    keys.push_back(prefix);
    return;
  }
  for (const auto& [name, field] : value.items()) add_keys(field, prefix.empty() ? name : prefix + "." + name, keys);
}

std::string underscored(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return text;
}

// Whether `name` is `key` or its end, from the beginning of a component on.
bool ends_with_component(const std::string& key, const std::string& name) {
  const std::string flat = underscored(key);
  return flat == name || (flat.ends_with("_" + name) && key[key.size() - name.size() - 1] == '.');
}

}  // namespace

nlohmann::json complete_data_section() {
  nlohmann::json section;
  const auto add = [&](const nlohmann::json& train, Task task) {
    merge_json(section, DataConfig::from_json({{"train", train}}, "/", task).to_json());
  };
  add({{"source", "s"}, {"target", "t"}}, Task::kTranslation);
  add({{"tsv", "t"}}, Task::kTranslation);
  add({{"jsonl", "j"}}, Task::kTranslation);
  add({{"text", "t"}}, Task::kLanguageModel);
  section["cache"] = "";
  return section;
}

std::vector<std::string> dotted_keys(const nlohmann::json& recipe) {
  std::vector<std::string> keys;
  add_keys(recipe, "", keys);
  return keys;
}

std::vector<std::string> fields_called(const std::string& option, const std::vector<std::string>& keys) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& name) {
    for (const std::string& key : keys)
      if ((ends_with_component(key, name) || ends_with_component(key, name + "_kind")) && std::ranges::find(found, key) == found.end())
        found.push_back(key);
  };
  const std::string name = underscored(option);
  add(name);
  if (found.empty()) {
    const auto [begin, end] = kUsualElsewhere.equal_range(name);
    for (auto entry = begin; entry != end; ++entry) add(underscored(std::string(entry->second)));
  }
  return found;
}

}  // namespace attnzoo
