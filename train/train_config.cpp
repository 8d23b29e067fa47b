#include "train/train_config.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "eval/search.h"
#include "train/duration.h"
#include "train/metrics.h"

namespace attnzoo {
namespace {

// Upper bounds that only catch mistakes: counts of steps and the like stay far from the end of their type.
constexpr int64_t kMaxConfigCount = int64_t{1} << 53;
constexpr int64_t kMaxAccumulate = 1000000;
constexpr int64_t kMaxBeam = SearchBounds::kBeam.most;
constexpr double kMaxSeconds = 1e10;

// Runs one section's reader and keeps its message, so that the problems of all sections are reported together.
template <class Read>
void collect(std::vector<std::string>& problems, Read read) {
  try {
    read();
  } catch (const ConfigError& error) {
    problems.push_back(error.what());
  }
}

ValidDecodeConfig read_valid_decode(const nlohmann::json& fields, Task task) {
  ValidDecodeConfig config;
  if (task == Task::kLanguageModel) config.beam = 0;
  FieldReader reader(fields, "train.valid_decode");
  reader.read("beam", config.beam);
  reader.read("sentences", config.sentences);
  reader.read("samples", config.samples);
  if (config.beam < 0) reader.problem("beam", fmt::format("must be 0 (no decoding) or more, got {}", config.beam));
  if (config.beam > kMaxBeam) reader.problem("beam", fmt::format("must be at most {}, got {}", kMaxBeam, config.beam));
  if (config.beam > 0 && task == Task::kLanguageModel)
    reader.problem("beam", fmt::format("must be 0: a language model has nothing to decode, got {}", config.beam));
  if (config.sentences < 0) reader.problem("sentences", fmt::format("must be 0 (all) or more, got {}", config.sentences));
  if (config.samples < 0) reader.problem("samples", fmt::format("must not be negative, got {}", config.samples));
  reader.finish();
  return config;
}

EarlyStoppingConfig read_early_stopping(const nlohmann::json& fields, Task task) {
  EarlyStoppingConfig config;
  FieldReader reader(fields, "train.early_stopping");
  reader.read_choice("metric", config.metric, metric_choices_of(task));
  reader.read("patience", config.patience);
  if (config.patience < 0) reader.problem("patience", fmt::format("must be 0 (off) or more, got {}", config.patience));
  reader.finish();
  return config;
}

LossConfig read_loss(const nlohmann::json& fields) {
  LossConfig config;
  FieldReader reader(fields, "train.loss");
  reader.read("label_smoothing", config.label_smoothing);
  if (!(config.label_smoothing >= 0 && config.label_smoothing < 1))
    reader.problem("label_smoothing", fmt::format("must be in [0, 1), got {}", config.label_smoothing));
  reader.read("l1", config.l1);
  reader.read("l2", config.l2);
  for (const auto& [key, value] : {std::pair{"l1", config.l1}, {"l2", config.l2}})
    if (!(value >= 0)) reader.problem(key, fmt::format("must be at least 0, got {}", value));
  reader.finish();
  return config;
}

void read_max_time(FieldReader& reader, const nlohmann::json& fields, double& max_time, std::vector<std::string>& problems) {
  if (fields.is_object() && fields.contains("max_time") && fields["max_time"].is_string()) {
    std::string text;
    reader.read("max_time", text);
    collect(problems, [&] { max_time = parse_duration(text, "train.max_time"); });
  } else {
    reader.read("max_time", max_time);
  }
}

void check(FieldReader& reader, const TrainConfig& config) {
  const auto at_least = [&](const char* key, auto value, int64_t least) {
    if (!(value >= static_cast<decltype(value)>(least))) reader.problem(key, fmt::format("must be at least {}, got {}", least, value));
  };
  const auto count = [&](const char* key, int64_t value, int64_t least, int64_t most = kMaxConfigCount) {
    at_least(key, value, least);
    if (value > most) reader.problem(key, fmt::format("must be at most {}, got {}", most, value));
  };
  if (!(config.learning_rate > 0)) reader.problem("learning_rate", fmt::format("must be above 0, got {}", config.learning_rate));
  at_least("clip_norm", config.clip_norm, 0);
  count("accumulate", config.accumulate, 1, kMaxAccumulate);
  at_least("seed", config.seed, 0);
  count("max_steps", config.max_steps, 0);
  count("max_epochs", config.max_epochs, 0);
  at_least("max_time", config.max_time, 0);
  if (config.max_time > kMaxSeconds)
    reader.problem("max_time", fmt::format("must be at most {:.0e} seconds, got {}", kMaxSeconds, config.max_time));
  count("validate_every", config.validate_every, 0);
  count("keep", config.keep, 1);
  count("report_every", config.report_every, 1);
  if (!(config.ema_decay >= 0 && config.ema_decay < 1))
    reader.problem("ema_decay", fmt::format("must be in [0, 1), got {}", config.ema_decay));
  if (config.schedule.kind == "cosine" && config.schedule.decay_steps == 0 && config.max_steps == 0)
    reader.problem("schedule", "a cosine schedule needs an end: set schedule.decay_steps or max_steps");
  if (config.decodes()) return;
  const auto needs_decoding = [&](const char* key, const std::string& metric) {
    if (metric != "loss" && metric != kAutoMetric)
      reader.problem(key, fmt::format("'{}' needs validation by decoding, but valid_decode.beam is 0; use 'loss'", metric));
  };
  needs_decoding("best_metric", config.best_metric);
  if (config.early_stopping.patience > 0) needs_decoding("early_stopping.metric", config.early_stopping.metric);
  if (config.schedule.kind == "plateau") needs_decoding("schedule.metric", config.schedule.metric);
}

}  // namespace

TrainConfig TrainConfig::from_json(const nlohmann::json& fields, Task task) {
  TrainConfig config;
  std::vector<std::string> problems;
  FieldReader reader(fields, "train");
  collect(problems, [&] { config.batch = BatchConfig::from_json(reader.object("batch")); });
  collect(problems, [&] { config.loss = read_loss(reader.object("loss")); });
  collect(problems, [&] { config.optimizer = OptimizerConfig::from_json(reader.object("optimizer")); });
  collect(problems, [&] { config.schedule = ScheduleConfig::from_json(reader.object("schedule"), metrics_of(task)); });
  collect(problems, [&] { config.valid_decode = read_valid_decode(reader.object("valid_decode"), task); });
  collect(problems, [&] { config.early_stopping = read_early_stopping(reader.object("early_stopping"), task); });
  reader.read("initial_checkpoint", config.initial_checkpoint);
  reader.read("learning_rate", config.learning_rate);
  reader.read("clip_norm", config.clip_norm);
  reader.read("accumulate", config.accumulate);
  reader.read("seed", config.seed);
  reader.read("max_steps", config.max_steps);
  reader.read("max_epochs", config.max_epochs);
  read_max_time(reader, fields, config.max_time, problems);
  reader.read("validate_every", config.validate_every);
  reader.read_choice("best_metric", config.best_metric, metric_choices_of(task));
  reader.read("keep", config.keep);
  reader.read("ema_decay", config.ema_decay);
  reader.read("report_every", config.report_every);
  reader.read("tensorboard", config.tensorboard);
  check(reader, config);
  collect(problems, [&] { reader.finish(); });
  if (!problems.empty()) throw ConfigError(fmt::format("{}", fmt::join(problems, "; ")));
  return config;
}

nlohmann::json TrainConfig::to_json() const {
  return {{"initial_checkpoint", initial_checkpoint},
          {"batch", batch.to_json()},
          {"loss", {{"label_smoothing", loss.label_smoothing}, {"l1", loss.l1}, {"l2", loss.l2}}},
          {"optimizer", optimizer.to_json()},
          {"learning_rate", learning_rate},
          {"schedule", schedule.to_json()},
          {"clip_norm", clip_norm},
          {"accumulate", accumulate},
          {"seed", seed},
          {"max_steps", max_steps},
          {"max_epochs", max_epochs},
          {"max_time", max_time},
          {"validate_every", validate_every},
          {"valid_decode", {{"beam", valid_decode.beam}, {"sentences", valid_decode.sentences}, {"samples", valid_decode.samples}}},
          {"early_stopping", {{"metric", early_stopping.metric}, {"patience", early_stopping.patience}}},
          {"best_metric", best_metric},
          {"keep", keep},
          {"ema_decay", ema_decay},
          {"report_every", report_every},
          {"tensorboard", tensorboard}};
}

}  // namespace attnzoo
