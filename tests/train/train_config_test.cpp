#include "train/train_config.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "train/duration.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::string problem_of(const nlohmann::json& fields) {
  try {
    TrainConfig::from_json(fields);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("every field of train that is read is written again, with its value") {
  // The message about an unknown key lists all keys that are read: to_json() must have them, whatever it forgets otherwise.
  const auto check_keys = [](const nlohmann::json& written, const std::string& section) {
    auto fields = nlohmann::json{{"no such key!", 1}};
    const auto problem = problem_of(section.empty() ? fields : nlohmann::json{{section, fields}});
    const std::string known = "known keys: ";
    auto names = problem.substr(problem.find(known) + known.size());
    std::string expected;
    for (const auto& [key, value] : written.items()) expected += (expected.empty() ? "" : ", ") + key;
    CHECK(names == expected);
  };
  const auto written = TrainConfig{}.to_json();
  check_keys(written, "");
  for (const auto& [key, value] : written.items())
    if (value.is_object()) check_keys(value, key);

  const auto every_field = nlohmann::json::parse(R"({
    "initial_checkpoint": "runs/first",
    "batch": {"batch_tokens": 11, "batch_sentences": 12, "bucket_window": 13},
    "loss": {"label_smoothing": 0.14, "l1": 0.15, "l2": 0.16},
    "optimizer": {"kind": "adamw", "beta1": 0.17, "beta2": 0.18, "epsilon": 0.19, "weight_decay": 0.2, "momentum": 0.21},
    "learning_rate": 0.22,
    "schedule": {"kind": "plateau", "warmup_steps": 23, "decay_steps": 24, "min_learning_rate": 0.25, "factor": 0.26, "patience": 27,
                 "metric": "chrf"},
    "clip_norm": 0.28, "accumulate": 29, "seed": 30, "max_steps": 31, "max_epochs": 32, "max_time": 33.5, "validate_every": 34,
    "valid_decode": {"beam": 35, "sentences": 36, "samples": 37},
    "early_stopping": {"metric": "chrf", "patience": 38},
    "best_metric": "bleu", "keep": 39, "ema_decay": 0.4, "report_every": 41, "tensorboard": false})");
  CHECK(TrainConfig::from_json(every_field).to_json() == every_field);
  const auto leaves = every_field.flatten(), defaults = written.flatten();
  REQUIRE(leaves.size() == defaults.size());
  for (const auto& [key, value] : leaves.items()) {
    INFO(key);
    CHECK(value != defaults[key]);  // or the comparison above says nothing about it
  }
}

TEST_CASE("numbers that are absurdly large are refused with their bound") {
  const auto problem = problem_of({{"batch", {{"batch_tokens", int64_t{1000000000000}}}},
                                   {"accumulate", 10000000},
                                   {"max_steps", int64_t{1} << 60},
                                   {"max_epochs", int64_t{1} << 60},
                                   {"max_time", 1e20},
                                   {"valid_decode", {{"beam", 1000000}}}});
  for (const char* part :
       {"train.batch.batch_tokens: must be at most 100000000, got 1000000000000", "train.accumulate: must be at most 1000000, got 10000000",
        "train.max_steps: must be at most 9007199254740992, got 1152921504606846976",
        "train.max_epochs: must be at most 9007199254740992, got 1152921504606846976",
        "train.max_time: must be at most 1e+10 seconds, got 1e+20", "train.valid_decode.beam: must be at most 1000, got 1000000"})
    CHECK_THAT(problem, ContainsSubstring(part));
}

TEST_CASE("the problems of all sections of train are reported together") {
  const std::string problem = problem_of({{"optimizer", {{"kind", "adamx"}}},
                                          {"schedule", {{"factor", 2}}},
                                          {"loss", {{"label_smoothing", 1.5}, {"l1", -1}}},
                                          {"valid_decode", {{"beam", -1}}},
                                          {"early_stopping", {{"metrics", "loss"}}},
                                          {"accumulate", 0},
                                          {"learning_rate", 0},
                                          {"ema_decay", 1},
                                          {"keep", 0},
                                          {"max_time", "soon"},
                                          {"lerning_rate", 1}});
  for (const char* part :
       {"train.optimizer.kind: unknown value 'adamx'", "train.schedule.factor: must be between 0 and 1, got 2",
        "train.loss.label_smoothing: must be in [0, 1), got 1.5", "train.loss.l1: must be at least 0, got -1",
        "train.valid_decode.beam: must be 0 (no decoding) or more, got -1",
        "train.early_stopping.metrics: unknown key (did you mean 'metric'?)", "train.accumulate: must be at least 1, got 0",
        "train.learning_rate: must be above 0, got 0", "train.ema_decay: must be in [0, 1), got 1", "train.keep: must be at least 1, got 0",
        "train.max_time: 'soon' is not a time", "train.lerning_rate: unknown key (did you mean 'learning_rate'?)"})
    CHECK_THAT(problem, ContainsSubstring(part));
}

TEST_CASE("metrics of decoding are refused when validation does not decode") {
  CHECK(problem_of({{"valid_decode", {{"beam", 0}}}, {"early_stopping", {{"patience", 2}}}}) == "accepted");  // "auto" is the loss then
  CHECK(problem_of({{"valid_decode", {{"beam", 0}}}, {"best_metric", "bleu"}, {"early_stopping", {{"metric", "bleu"}, {"patience", 2}}}}) ==
        "train.best_metric: 'bleu' needs validation by decoding, but valid_decode.beam is 0; use 'loss'; "
        "train.early_stopping.metric: 'bleu' needs validation by decoding, but valid_decode.beam is 0; use 'loss'");
  CHECK(problem_of({{"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}}) == "accepted");
}

TEST_CASE("a cosine without an end is refused") {
  CHECK(problem_of({{"schedule", {{"kind", "cosine"}}}}) ==
        "train.schedule: a cosine schedule needs an end: set schedule.decay_steps or max_steps");
  CHECK(problem_of({{"schedule", {{"kind", "cosine"}}}, {"max_steps", 10}}) == "accepted");
}

TEST_CASE("times are read as people write them") {
  CHECK(parse_duration("90", "t") == 90);
  CHECK(parse_duration("90s", "t") == 90);
  CHECK(parse_duration("50m", "t") == 3000);
  CHECK(parse_duration("1h30m", "t") == 5400);
  CHECK(parse_duration("0.5h", "t") == 1800);
  CHECK(TrainConfig::from_json({{"max_time", "2m"}}).max_time == 120);
  for (const char* text : {"", "5 min", "m", "-3", "1d", "nan", "1h30", "30m1h", "1m1m", "1.5x"})
    CHECK_THROWS_WITH(parse_duration(text, "--max-time"),
                      std::string("--max-time: '") + text + "' is not a time; write seconds (90), 90s, 50m, 2h or 1h30m");
}

}  // namespace attnzoo::test
