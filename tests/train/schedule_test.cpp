#include "train/schedule.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

bool update(const ScheduleConfig& config, double value, PlateauState& state, double loss = 1) {
  return update_plateau(config, {value, loss}, state);
}

}  // namespace

TEST_CASE("inverse square root rises linearly to its peak at the end of the warm-up and falls with the root of the step") {
  const ScheduleConfig config{.kind = "inverse_sqrt", .warmup_steps = 100};
  CHECK(learning_rate_at(config, 0.5, 0, 1) == Approx(0.005));
  CHECK(learning_rate_at(config, 0.5, 0, 50) == Approx(0.25));
  CHECK(learning_rate_at(config, 0.5, 0, 100) == Approx(0.5));
  CHECK(learning_rate_at(config, 0.5, 0, 400) == Approx(0.25));
  const ScheduleConfig at_once{.kind = "inverse_sqrt", .warmup_steps = 0};
  CHECK(learning_rate_at(at_once, 0.5, 0, 1) == Approx(0.5));
  CHECK(learning_rate_at(at_once, 0.5, 0, 4) == Approx(0.25));
}

TEST_CASE("cosine falls from the peak after the warm-up to the minimum and stays there") {
  const ScheduleConfig config{.kind = "cosine", .warmup_steps = 100, .min_learning_rate = 0.1};
  CHECK(learning_rate_at(config, 0.5, 1100, 100) == Approx(0.5));
  CHECK(learning_rate_at(config, 0.5, 1100, 600) == Approx(0.3));
  CHECK(learning_rate_at(config, 0.5, 1100, 1100) == Approx(0.1));
  CHECK(learning_rate_at(config, 0.5, 1100, 5000) == Approx(0.1));
  const ScheduleConfig shorter{.kind = "cosine", .warmup_steps = 0, .decay_steps = 10};
  CHECK(learning_rate_at(shorter, 0.5, 1100, 10) == Approx(0).margin(1e-12));
}

TEST_CASE("constant keeps the peak after the warm-up") {
  const ScheduleConfig config{.kind = "constant", .warmup_steps = 10};
  CHECK(learning_rate_at(config, 0.5, 0, 5) == Approx(0.25));
  CHECK(learning_rate_at(config, 0.5, 0, 10) == 0.5);
  CHECK(learning_rate_at(config, 0.5, 0, 100000) == 0.5);
}

TEST_CASE("plateau cuts the rate after `patience` validations without improvement, down to the minimum") {
  const ScheduleConfig config{
      .kind = "plateau", .warmup_steps = 0, .min_learning_rate = 0.2, .factor = 0.5, .patience = 2, .metric = "loss"};
  PlateauState state;
  CHECK_FALSE(update(config, 3.0, state));
  CHECK_FALSE(update(config, 3.1, state));
  CHECK_FALSE(update(config, 2.9, state));
  CHECK_FALSE(update(config, 2.9, state));
  CHECK(learning_rate_at(config, 0.5, 0, 7, state) == 0.5);
  CHECK(update(config, 3.0, state));
  CHECK(learning_rate_at(config, 0.5, 0, 7, state) == 0.25);
  CHECK_FALSE(update(config, 3.0, state));
  CHECK(update(config, 3.0, state));
  CHECK(learning_rate_at(config, 0.5, 0, 7, state) == 0.2);
}

TEST_CASE("a plateau on BLEU waits for rising values") {
  const ScheduleConfig config{.kind = "plateau", .patience = 1, .metric = "bleu"};
  PlateauState state;
  update(config, 20, state);
  CHECK_FALSE(update(config, 21, state));
  CHECK(update(config, 20.5, state));
}

TEST_CASE("a plateau of a metric that stands still goes by the loss") {
  const ScheduleConfig config{.kind = "plateau", .patience = 1, .metric = "bleu"};
  PlateauState state;
  CHECK_FALSE(update(config, 0, state, 5));
  CHECK_FALSE(update(config, 0, state, 4));
  CHECK(update(config, 0, state, 4.5));
  CHECK(state.best_loss == 4);
}

TEST_CASE("a plateau takes no value that is not finite for the best") {
  const ScheduleConfig config{.kind = "plateau", .patience = 2, .metric = "loss"};
  PlateauState state;
  CHECK_FALSE(update(config, std::nan(""), state));
  CHECK_FALSE(state.has_best);
  CHECK_FALSE(update(config, 3, state));
  CHECK(state.best == 3);
}

TEST_CASE("a validation changes nothing in schedules without state") {
  const ScheduleConfig config{.kind = "inverse_sqrt", .patience = 1};
  PlateauState state;
  update(config, 3, state);
  CHECK_FALSE(update(config, 4, state));
  CHECK(state.scale == 1);
}

TEST_CASE("schedule settings out of range are reported together") {
  REQUIRE_THROWS_WITH(
      ScheduleConfig::from_json(
          {{"warmup_steps", -1}, {"decay_steps", -2}, {"min_learning_rate", -0.5}, {"factor", 1}, {"patience", 0}, {"metric", "blue"}}),
      "train.schedule.warmup_steps: must be 0 or more, or \"auto\", got -1; train.schedule.metric: unknown value 'blue' (did you mean "
      "'bleu'?); accepted: loss, bleu, chrf; train.schedule.decay_steps: must not be negative, got -2; "
      "train.schedule.min_learning_rate: must not be negative, got -0.5; train.schedule.factor: must be between 0 and 1, got 1; "
      "train.schedule.patience: must be at least 1, got 0");
  CHECK_THROWS_WITH(ScheduleConfig::from_json({{"warmup_steps", "atuo"}}),
                    "train.schedule.warmup_steps: unknown value 'atuo' (did you mean 'auto'?); accepted: auto");
  const ScheduleConfig config{.kind = "cosine", .warmup_steps = 5, .decay_steps = 9};
  CHECK(ScheduleConfig::from_json(config.to_json()).to_json() == config.to_json());
  CHECK(ScheduleConfig().to_json()["warmup_steps"] == "auto");
  CHECK(ScheduleConfig::from_json(ScheduleConfig().to_json()).warmup_steps == kAutoWarmup);
}

}  // namespace attnzoo::test
