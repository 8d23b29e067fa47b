#include "train/run_length.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

TrainConfig config_of(int64_t max_steps, int64_t max_epochs, double max_time) {
  TrainConfig config;
  config.max_steps = max_steps;
  config.max_epochs = max_epochs;
  config.max_time = max_time;
  return config;
}

}  // namespace

TEST_CASE("The default warm-up fits the data, whatever the length of the run", "[run-length]") {
  const auto warmup = [](TrainConfig config, int64_t epoch_batches) { return default_warmup(run_length(config, 1000, epoch_batches)); };
  CHECK(warmup(config_of(0, 0, 0), 500) == 1000);
  CHECK(warmup(config_of(0, 0, 60), 3) == 60);
  CHECK(warmup(config_of(1500, 0, 0), 500) == 1000);
  CHECK(warmup(config_of(100000, 10, 0), 40) == 800);
  CHECK(warmup(config_of(3, 0, 0), 1) == 20);
  TrainConfig accumulating = config_of(0, 0, 0);
  accumulating.accumulate = 4;
  CHECK(warmup(accumulating, 41) == 20 * 11);
}

TEST_CASE("A training says before it starts how long an epoch and the warm-up are", "[run-length]") {
  const auto lines = [](TrainConfig config, int64_t warmup) { return outlook(config, run_length(config, 400, 3), warmup, "pair"); };
  CHECK(lines(config_of(2000, 0, 0), 60) ==
        std::vector<std::string>{"training: 400 pairs, 3 steps per epoch, warm-up of 60 steps, a checkpoint every 34 epochs "
                                 "(train.validate_every sets another interval)"});
  CHECK(lines(config_of(200, 0, 0), 200).size() == 1);  // it ends with the last step
  TrainConfig often = config_of(150, 0, 0);
  often.validate_every = 50;
  const auto warned = lines(often, 1000);
  REQUIRE(warned.size() == 2);
  CHECK(warned[0] == "training: 400 pairs, 3 steps per epoch, warm-up of 1000 steps");
  CHECK(warned[1] ==
        "warning: the warm-up of 1000 steps does not end in a run of 150 steps, so the learning rate never gets to 0.001; "
        "lower train.schedule.warmup_steps");
  CHECK_THAT(lines(config_of(2000, 5, 0), 1000).back(), ContainsSubstring("15 steps") && ContainsSubstring("batch.batch_tokens"));
}

TEST_CASE("A training with a time limit says how many steps fit once it knows its pace", "[run-length]") {
  const auto lines = [](TrainConfig config, int64_t warmup) { return outlook_in_time(config, run_length(config, 400, 3), warmup, 0.3); };
  CHECK(lines(config_of(0, 0, 60), 60) == std::vector<std::string>{"at this pace, max_time of 1 min 00 s is about 200 steps, 67 epochs"});
  const auto warned = lines(config_of(0, 0, 60), 1000);
  REQUIRE(warned.size() == 2);
  CHECK_THAT(warned[1], ContainsSubstring("the warm-up of 1000 steps does not end in about 200 steps"));
  CHECK(lines(config_of(0, 0, 0), 1000).empty());
  CHECK(lines(config_of(50, 0, 60), 1000).empty());
}

}  // namespace attnzoo::test
