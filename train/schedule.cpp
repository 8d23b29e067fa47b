#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/json_fields.h"

namespace attnzoo {

ScheduleConfig ScheduleConfig::from_json(const nlohmann::json& fields, const std::vector<std::string>& metrics) {
  ScheduleConfig config;
  FieldReader reader(fields, "train.schedule");
  reader.read_choice("kind", config.kind, {"inverse_sqrt", "cosine", "constant", "plateau"});
  if (fields.is_object() && fields.contains("warmup_steps") && fields["warmup_steps"].is_string()) {
    std::string word;
    reader.read_choice("warmup_steps", word, {"auto"});
  } else if (reader.read("warmup_steps", config.warmup_steps) && config.warmup_steps < 0) {
    reader.problem("warmup_steps", fmt::format("must be 0 or more, or \"auto\", got {}", config.warmup_steps));
  }
  reader.read("decay_steps", config.decay_steps);
  reader.read("min_learning_rate", config.min_learning_rate);
  reader.read("factor", config.factor);
  reader.read("patience", config.patience);
  reader.read_choice("metric", config.metric, metrics);
  if (config.decay_steps < 0) reader.problem("decay_steps", fmt::format("must not be negative, got {}", config.decay_steps));
  if (!(config.min_learning_rate >= 0))
    reader.problem("min_learning_rate", fmt::format("must not be negative, got {}", config.min_learning_rate));
  if (!(config.factor > 0 && config.factor < 1)) reader.problem("factor", fmt::format("must be between 0 and 1, got {}", config.factor));
  if (config.patience < 1) reader.problem("patience", fmt::format("must be at least 1, got {}", config.patience));
  reader.finish();
  return config;
}

nlohmann::json ScheduleConfig::to_json() const {
  return {{"kind", kind},
          {"warmup_steps", warmup_steps == kAutoWarmup ? nlohmann::json("auto") : nlohmann::json(warmup_steps)},
          {"decay_steps", decay_steps},
          {"min_learning_rate", min_learning_rate},
          {"factor", factor},
          {"patience", patience},
          {"metric", metric}};
}

double learning_rate_at(const ScheduleConfig& config, double peak, int64_t max_steps, int64_t step, const PlateauState& plateau) {
  const auto warmup = static_cast<double>(config.warmup_steps), now = static_cast<double>(step);
  if (step < config.warmup_steps) return peak * now / warmup;
  if (config.kind == "inverse_sqrt") return peak * std::sqrt(std::max(warmup, 1.0) / std::max(now, 1.0));
  if (config.kind == "cosine") {
    const auto end = static_cast<double>(config.decay_steps > 0 ? config.decay_steps : max_steps);
    const double progress = end > warmup ? std::min((now - warmup) / (end - warmup), 1.0) : 1.0;
    return config.min_learning_rate + (peak - config.min_learning_rate) * 0.5 * (1 + std::cos(M_PI * progress));
  }
  if (config.kind == "plateau") return std::max(peak * plateau.scale, std::min(config.min_learning_rate, peak));
  return peak;
}

bool update_plateau(const ScheduleConfig& config, MetricValue value, PlateauState& state) {
  if (config.kind != "plateau") return false;
  if (state.has_best ? is_better(config.metric, value, {state.best, state.best_loss}) : std::isfinite(value.value)) {
    state.has_best = true;
    state.best = value.value;
    state.best_loss = value.loss;
    state.bad_validations = 0;
    return false;
  }
  if (++state.bad_validations < config.patience) return false;
  state.bad_validations = 0;
  state.scale *= config.factor;
  return true;
}

}  // namespace attnzoo
