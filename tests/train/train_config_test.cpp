#include "train/train_config.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "train/duration.h"
#include "train/training_recipe.h"

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

TEST_CASE("a training configuration read from its own JSON is the same") {
  TrainConfig config;
  config.accumulate = 3;
  config.max_time = 90;
  config.ema_decay = 0.99;
  config.schedule.kind = "plateau";
  config.valid_decode.sentences = 7;
  config.early_stopping = {"chrf", 4};
  CHECK(TrainConfig::from_json(config.to_json()).to_json() == config.to_json());
  CHECK(TrainConfig::from_json(nlohmann::json::object()).to_json() == TrainConfig{}.to_json());
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
        "train.early_stopping.metrics: unknown key, did you mean 'metric'?", "train.accumulate: must be at least 1, got 0",
        "train.learning_rate: must be above 0, got 0", "train.ema_decay: must be in [0, 1), got 1", "train.keep: must be at least 1, got 0",
        "train.max_time: 'soon' is not a time", "train.lerning_rate: unknown key, did you mean 'learning_rate'?"})
    CHECK_THAT(problem, ContainsSubstring(part));
}

TEST_CASE("metrics of decoding are refused when validation does not decode") {
  CHECK(problem_of({{"valid_decode", {{"beam", 0}}}, {"early_stopping", {{"patience", 2}}}}) ==
        "train.best_metric: 'bleu' needs validation by decoding, but valid_decode.beam is 0; use 'loss'; "
        "train.early_stopping.metric: 'bleu' needs validation by decoding, but valid_decode.beam is 0; use 'loss'");
  CHECK(problem_of({{"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}}) == "accepted");
}

TEST_CASE("a cosine without an end is refused") {
  CHECK(problem_of({{"schedule", {{"kind", "cosine"}}}}) ==
        "train.schedule: a cosine needs its end: set schedule.decay_steps or max_steps");
  CHECK(problem_of({{"schedule", {{"kind", "cosine"}}}, {"max_steps", 10}}) == "accepted");
}

TEST_CASE("times are read as people write them") {
  CHECK(parse_duration("90", "t") == 90);
  CHECK(parse_duration("90s", "t") == 90);
  CHECK(parse_duration("50m", "t") == 3000);
  CHECK(parse_duration("1h30m", "t") == 5400);
  CHECK(parse_duration("0.5h", "t") == 1800);
  CHECK(TrainConfig::from_json({{"max_time", "2m"}}).max_time == 120);
  for (const char* text : {"", "5 min", "m", "-3", "1d", "nan"})
    CHECK_THROWS_WITH(parse_duration(text, "--max-time"),
                      std::string("--max-time: '") + text + "' is not a time; write seconds (90), 90s, 50m, 2h or 1h30m");
}

TEST_CASE("differences of configurations name the key and both values, and know which do no harm") {
  const nlohmann::json before = {{"train", {{"learning_rate", 0.5}, {"max_steps", 10}, {"keep", 1}}}, {"model", {{"dim", 8}}}};
  nlohmann::json after = before;
  CHECK(config_differences(before, after).empty());
  after["train"]["learning_rate"] = 0.25;
  after["train"]["max_steps"] = 20;
  after["model"].erase("dim");
  const auto differences = config_differences(before, after);
  REQUIRE(differences.size() == 3);
  CHECK(differences[0].key == "model.dim");
  CHECK(differences[0].after == "(absent)");
  CHECK(differences[1].key == "train.learning_rate");
  CHECK(differences[1].before == "0.5");
  CHECK(differences[1].after == "0.25");
  CHECK_FALSE(differences[1].harmless);
  CHECK(differences[2].harmless);
}

TEST_CASE("max_steps is no harmless change where a cosine ends there") {
  const nlohmann::json before = {{"train", {{"max_steps", 10}, {"schedule", {{"kind", "cosine"}, {"decay_steps", 0}}}}}};
  nlohmann::json after = before;
  after["train"]["max_steps"] = 20;
  CHECK_FALSE(config_differences(before, after).front().harmless);
}

}  // namespace attnzoo::test
