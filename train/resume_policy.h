// What may change when a run is resumed: one table, from which both the decision and the message are made.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace attnzoo {

enum class OnResume {
  kFree,          // may change without --override: when to stop and what to keep, not what is computed
  kWithOverride,  // acts on the rest of the run
  kFixed          // cannot act on a run that has started; refused even with --override
};

struct ResumeRule {
  std::string key;  // "train.batch": the field, or every field of the section
  OnResume policy;
  std::string why;  // of a fixed field: what has settled it
};

// The longest key that fits a field decides. Model fields stand for their "encoder_" and "decoder_" forms too.
const std::vector<ResumeRule>& resume_rules();

// Whether neither a weight nor a result of a trained model depends on this field of a model section: dropouts, layer_drop, coverage_loss.
bool acts_in_training_alone(const std::string& model_field);

struct ConfigDifference {
  std::string key;            // "train.learning_rate"
  std::string before, after;  // as JSON; "(absent)"
  OnResume policy = OnResume::kWithOverride;
  std::string why;

  // "train.learning_rate: 0.003 in the run, 0.5 now"; of a fixed field with what has settled it.
  std::string text() const;
};

// Between two complete recipes (TrainingRecipe::to_json()).
std::vector<ConfigDifference> config_differences(const nlohmann::json& before, const nlohmann::json& after);

// Throws ConfigError for differences that resuming cannot take: fixed ones always, others without `override`. `run` names the run folder.
void check_resumable(const std::string& run, const std::vector<ConfigDifference>& differences, bool override);

}  // namespace attnzoo
