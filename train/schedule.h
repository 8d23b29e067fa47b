// The learning rate of each step: a pure function of the step, except for the plateau schedule, whose small state is saved.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "train/metrics.h"

namespace attnzoo {

constexpr int64_t kAutoWarmup = -1;

// Settings of the recipe's train.schedule.
struct ScheduleConfig {
  // "inverse_sqrt" (Vaswani et al. 2017, equation 3, scaled so that the peak is learning_rate), "cosine" (Loshchilov and Hutter
  // 2017, without restarts), "constant", "plateau" (learning_rate times `factor` whenever validation stops improving).
  std::string kind = "inverse_sqrt";
  // Linear from 0 to learning_rate; 0 for none. kAutoWarmup, "auto" in a recipe: what default_warmup() says (train/run_length.h).
  int64_t warmup_steps = kAutoWarmup;
  // cosine: the step at which min_learning_rate is reached; 0 means max_steps.
  int64_t decay_steps = 0;
  double min_learning_rate = 0;  // cosine and plateau never go below
  double factor = 0.5;           // plateau, (0, 1)
  int64_t patience = 2;          // plateau: validations without improvement before a cut
  std::string metric = "loss";   // plateau: "loss" or another metric of the task (metrics.h)

  // `metrics`: what validation can measure. Throws ConfigError.
  static ScheduleConfig from_json(const nlohmann::json& fields, const std::vector<std::string>& metrics = {"loss", "bleu", "chrf"});
  nlohmann::json to_json() const;
};

// What the plateau schedule remembers. The other kinds leave it as it is.
struct PlateauState {
  double scale = 1;             // product of all cuts so far
  int64_t bad_validations = 0;  // since the last improvement or cut
  bool has_best = false;
  double best = 0;
  double best_loss = std::numeric_limits<double>::quiet_NaN();  // of the same validation
};

// `step` counts from 1 (the first update); max_steps 0 means no limit. config.warmup_steps must be a number of steps.
double learning_rate_at(const ScheduleConfig& config, double peak, int64_t max_steps, int64_t step, const PlateauState& plateau = {});

// Takes the value of config.metric at one validation. Returns true when the rate was just cut.
bool update_plateau(const ScheduleConfig& config, MetricValue value, PlateauState& state);

}  // namespace attnzoo
