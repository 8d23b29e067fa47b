#include "train/resume_policy.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "data/error.h"
#include "models/encoder_decoder_config.h"

namespace attnzoo {
namespace {

using Leaves = std::map<std::string, nlohmann::json>;

// Every leaf of a JSON object by dotted key; lists are leaves.
void flatten(const nlohmann::json& value, const std::string& key, Leaves& leaves) {
  if (!value.is_object()) {
    leaves[key] = value;
    return;
  }
  for (const auto& [name, field] : value.items()) flatten(field, key.empty() ? name : key + "." + name, leaves);
}

bool has_model(const nlohmann::json& recipe) { return recipe.contains(nlohmann::json::json_pointer("/model/family")); }

// A flat model section with every field of both parts under its prefixed name, so that two sections can be compared field by field.
nlohmann::json apart(const nlohmann::json& section) {
  const auto config = EncoderDecoderConfig::from_json(section);
  auto fields = nlohmann::json{{"family", section["family"]}, {"encoder", config.encoder},
                               {"decoder", config.decoder},   {"tied_embeddings", config.tied_embeddings},
                               {"copy", config.copy},         {"coverage_loss", config.coverage_loss}};
  for (const auto& [key, value] : config.encoder_fields.items()) fields["encoder_" + key] = value;
  for (const auto& [key, value] : config.decoder_fields.items()) fields["decoder_" + key] = value;
  return fields;
}

// "dim" of "encoder_dim".
std::string without_part(const std::string& field) {
  return field.starts_with("encoder_") || field.starts_with("decoder_") ? field.substr(8) : field;
}

std::string shown(const Leaves& leaves, const std::string& key) {
  const auto found = leaves.find(key);
  return found == leaves.end() ? "(absent)" : found->second.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const ResumeRule& rule_of(const std::string& key) {
  static const std::string kModel = "model.";
  const auto plain = key.starts_with(kModel) ? kModel + without_part(key.substr(kModel.size())) : key;
  const ResumeRule* best = nullptr;
  for (const auto& rule : resume_rules())
    if ((plain == rule.key || plain.starts_with(rule.key + ".") || rule.key.empty()) &&
        (best == nullptr || rule.key.size() > best->key.size()))
      best = &rule;
  return *best;
}

// Rules that depend on values.
void refine(ConfigDifference& difference, const Leaves& before, const Leaves& after) {
  const auto value_of = [](const Leaves& leaves, const char* key) {
    const auto found = leaves.find(key);
    return found == leaves.end() ? nlohmann::json() : found->second;
  };
  // A cosine without an end of its own ends at max_steps: then moving that changes every learning rate.
  const auto decay_steps = value_of(after, "train.schedule.decay_steps");
  if (difference.key == "train.max_steps" && value_of(after, "train.schedule.kind") == "cosine" &&
      (decay_steps.is_null() || decay_steps == 0))
    difference.policy = OnResume::kWithOverride;
  // Adam and AdamW have the same state.
  const char* kind = "train.optimizer.kind";
  if (difference.key == kind && value_of(before, kind) != "sgd" && value_of(after, kind) != "sgd")
    difference.policy = OnResume::kWithOverride;
}

// Where both parts of a model differ in the same way, one line says it.
void join_parts(std::vector<ConfigDifference>& differences) {
  for (size_t i = 0; i < differences.size(); ++i) {
    const std::string encoder = "model.encoder_";
    if (!differences[i].key.starts_with(encoder)) continue;
    const auto field = differences[i].key.substr(encoder.size());
    const auto other = std::ranges::find_if(differences, [&](const auto& d) {
      return d.key == "model.decoder_" + field && d.before == differences[i].before && d.after == differences[i].after;
    });
    if (other == differences.end()) continue;
    differences[i].key = "model." + field;
    differences.erase(other);
  }
}

std::vector<std::string> texts(const std::vector<ConfigDifference>& differences, OnResume policy) {
  std::vector<std::string> lines;
  for (const auto& difference : differences)
    if (difference.policy == policy) lines.push_back(difference.text());
  return lines;
}

}  // namespace

const std::vector<ResumeRule>& resume_rules() {
  static const std::vector<ResumeRule> rules = {
      {"", OnResume::kWithOverride, ""},
      {"task", OnResume::kFixed, "the model and its data were made for it"},
      {"model", OnResume::kFixed, "the weights belong to it"},
      {"model.dropout", OnResume::kWithOverride, ""},
      {"model.attention_dropout", OnResume::kWithOverride, ""},
      {"model.activation_dropout", OnResume::kWithOverride, ""},
      {"model.variational_dropout", OnResume::kWithOverride, ""},
      {"model.layer_drop", OnResume::kWithOverride, ""},
      {"model.coverage_loss", OnResume::kWithOverride, ""},
      {"data.tokenizer", OnResume::kFixed, "the tokenisers are those of the checkpoint"},
      {"data.cache", OnResume::kFree, ""},
      {"train.initial_checkpoint", OnResume::kFixed, "training started from it"},
      {"train.seed", OnResume::kFixed, "the order of the data depends on it"},
      {"train.batch", OnResume::kFixed, "the position in the data counts batches"},
      {"train.optimizer.kind", OnResume::kFixed, "the checkpoint holds the state of that optimiser"},
      {"train.max_steps", OnResume::kFree, ""},
      {"train.max_epochs", OnResume::kFree, ""},
      {"train.max_time", OnResume::kFree, ""},
      {"train.keep", OnResume::kFree, ""},
      {"train.report_every", OnResume::kFree, ""},
      {"train.tensorboard", OnResume::kFree, ""}};
  return rules;
}

bool acts_in_training_alone(const std::string& model_field) { return rule_of("model." + model_field).policy != OnResume::kFixed; }

std::string ConfigDifference::text() const {
  return fmt::format("{}: {} in the run, {} now{}", key, before, after, policy == OnResume::kFixed ? " (" + why + ")" : "");
}

std::vector<ConfigDifference> config_differences(const nlohmann::json& before, const nlohmann::json& after) {
  Leaves old_leaves, new_leaves;
  const bool models = has_model(before) && has_model(after);
  for (const auto& [recipe, leaves] : {std::pair{&before, &old_leaves}, {&after, &new_leaves}}) {
    auto comparable = *recipe;
    if (models) comparable["model"] = apart(comparable["model"]);
    flatten(comparable, "", *leaves);
  }
  std::set<std::string> keys;
  for (const auto* leaves : {&old_leaves, &new_leaves})
    for (const auto& [key, value] : *leaves) keys.insert(key);

  std::vector<ConfigDifference> differences;
  for (const std::string& key : keys) {
    const auto old_value = old_leaves.find(key), new_value = new_leaves.find(key);
    if (old_value != old_leaves.end() && new_value != new_leaves.end() && old_value->second == new_value->second) continue;
    const auto& rule = rule_of(key);
    ConfigDifference difference{key, shown(old_leaves, key), shown(new_leaves, key), rule.policy, rule.why};
    refine(difference, old_leaves, new_leaves);
    differences.push_back(difference);
  }
  join_parts(differences);
  return differences;
}

void check_resumable(const std::string& run, const std::vector<ConfigDifference>& differences, bool override) {
  if (const auto fixed = texts(differences, OnResume::kFixed); !fixed.empty())
    fail<ConfigError>("{}: resuming cannot change these fields:\n  {}\n  omit them to resume the run, or start a new run with them", run,
                      fmt::join(fixed, "\n  "));
  const auto conflicts = texts(differences, OnResume::kWithOverride);
  if (!override && !conflicts.empty())
    fail<ConfigError>("{}: the run has another configuration:\n  {}\n  omit the recipe and --set to resume it unchanged, or add --override",
                      run, fmt::join(conflicts, "\n  "));
}

}  // namespace attnzoo
