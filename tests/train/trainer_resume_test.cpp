// A run in parts is the run in one piece: resuming, and what stands in its way.
#include <ATen/ATen.h>

#include <cmath>

#include "data/error.h"
#include "data/files.h"
#include "tests/train/trainer_harness.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

// Trains at one go and with an interruption, and compares everything.
void check_resume(const nlohmann::json& train, int64_t stop_step, const nlohmann::json& model = nullptr) {
  const TemporaryDirectory folder;
  auto fields = tiny_recipe(folder, train);
  if (!model.is_null()) fields["model"] = model;
  const auto recipe = read_tiny(folder, fields);
  const int64_t num_steps = recipe.train.max_steps;
  const RunFolder straight(folder / "straight"), interrupted(folder / "interrupted");
  start(recipe, straight)->run();

  StopAt stop_at;
  const auto first = start(recipe, interrupted, stop_at.options(stop_step));
  first->set_stop(&stop_at.stop);
  const auto result = first->run();
  REQUIRE(result.stopped);
  REQUIRE(result.step == stop_step);
  torch::manual_seed(999);  // what another process would have
  REQUIRE(resume(recipe, interrupted)->run().step == num_steps);

  const auto expected = load_checkpoint(straight.checkpoint(num_steps)), given = load_checkpoint(interrupted.checkpoint(num_steps));
  require_same_bits(given.weights, expected.weights);
  REQUIRE(given.extra_tensors.size() == expected.extra_tensors.size());
  for (const auto& [name, tensors] : expected.extra_tensors) require_same_bits(given.extra_tensors.at(name), tensors);
  CHECK(log_of(interrupted, "train") == log_of(straight, "train"));
  CHECK(log_of(interrupted, "validation") == log_of(straight, "validation"));
  CHECK(log_of(straight, "train").size() == static_cast<size_t>(num_steps / recipe.train.report_every));
}

}  // namespace

TEST_CASE_METHOD(OneThread, "forty steps equal twenty, an interruption and twenty more, bit for bit") {
  SECTION("plain Adam, stopped between validations") { check_resume(nlohmann::json::object(), 17); }
  SECTION("with averaged weights, accumulation, plateau schedule and AdamW, stopped before a validation") {
    check_resume({{"ema_decay", 0.9},
                  {"accumulate", 2},
                  {"optimizer", {{"kind", "adamw"}, {"weight_decay", 0.01}}},
                  {"schedule", {{"kind", "plateau"}, {"patience", 1}, {"warmup_steps", 3}}}},
                 20);
  }
  SECTION("with reports that span the interruption") { check_resume({{"report_every", 8}, {"validate_every", 0}, {"accumulate", 3}}, 24); }
  SECTION("with default warm-up and validations, stopped between two of these") {
    check_resume({{"batch", {{"batch_tokens", 600}}}, {"schedule", nlohmann::json::object()}, {"validate_every", 0}, {"max_steps", 220}},
                 130);
  }
  SECTION("with running statistics, masks a sentence and averaged weights") {
    check_resume({{"ema_decay", 0.9}}, 17, recurrent_with_statistics());
  }
}

TEST_CASE_METHOD(OneThread, "short epochs are validated 100 steps apart, and a run that is given more steps equals one that had them") {
  const TemporaryDirectory folder;
  const auto recipe_of = [&](int64_t max_steps) {
    return read_tiny(folder, tiny_recipe(folder, {{"batch", {{"batch_tokens", 600}}},
                                                  {"schedule", nlohmann::json::object()},
                                                  {"validate_every", 0},
                                                  {"max_steps", max_steps}}));
  };
  const RunFolder run(folder / "run");
  start(recipe_of(115), run)->run();
  resume(recipe_of(250), run)->run();
  std::vector<int64_t> steps;
  for (const auto& entry : log_of(run, "validation")) steps.push_back(entry["step"]);
  const auto epoch_of = [&](int64_t step) { return log_of(run, "train").at(static_cast<size_t>(step - 1))["epoch"].get<int64_t>(); };
  REQUIRE(steps.size() == 4);  // two in their turn, two because a run ended
  CHECK((steps[0] >= 100 && steps[0] < 115 && steps[1] == 115 && steps[3] == 250));
  CHECK((steps[2] >= steps[0] + 100 && steps[2] < steps[0] + 115));
  for (const int64_t step : {steps[0], steps[2]}) CHECK(epoch_of(step) + 1 == epoch_of(step + 1));
  // With the default warm-up, too, a run that is given more steps equals one that had them from the start.
  const RunFolder straight(folder / "straight");
  start(recipe_of(250), straight)->run();
  CHECK(log_of(run, "train") == log_of(straight, "train"));
  require_same_bits(load_checkpoint(run.last()).weights, load_checkpoint(straight.last()).weights);
}

TEST_CASE_METHOD(OneThread, "a position far past the data is refused, and the search for the place in the data can be stopped") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"max_steps", 2}, {"validate_every", 1000}}));
  const RunFolder run(folder / "run");
  start(recipe, run)->run();
  auto contents = load_checkpoint(run.last());
  contents.extra_json["train_state"]["stream_position"] = 1000000000000;
  REQUIRE_THROWS_WITH(make_trainer(recipe, run, {}, &contents, "RUN"),
                      "RUN/train_state.json: not a state that training can resume from: 'stream_position' 1000000000000 lies past 1 epochs "
                      "of 200 training pairs; it is damaged, or belongs to other text");
  contents.extra_json["train_state"]["epochs_done"] = 1000000000000;
  std::atomic<bool> stop{true};
  const auto trainer = make_trainer(recipe, run, {}, &contents, "RUN");
  trainer->set_stop(&stop);
  const auto result = trainer->run();
  CHECK(result.stopped);
  CHECK(result.step == 2);
}

TEST_CASE_METHOD(OneThread, "a checkpoint without training state cannot be resumed from") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"max_steps", 1}}));
  const RunFolder run(folder / "run");
  start(recipe, run)->run();
  auto contents = load_checkpoint(run.last());
  auto without = contents;
  without.extra_json.clear();
  REQUIRE_THROWS_WITH(make_trainer(recipe, run, {}, &without, "ckpt"), "ckpt: has no train_state.json, so training cannot resume from it");
  without = contents;
  without.extra_tensors.erase("optimizer");
  REQUIRE_THROWS_WITH(make_trainer(recipe, run, {}, &without, "ckpt"),
                      "ckpt: has no optimizer.safetensors, so training cannot resume from it");
  contents.extra_json["train_state"].erase("plateau");
  REQUIRE_THROWS_WITH(make_trainer(recipe, run, {}, &contents, "ckpt"),
                      "ckpt/train_state.json: not a state that training can resume from: 'plateau' is missing");
}

TEST_CASE_METHOD(OneThread, "a crash after the last checkpoint leaves no doubled lines in the log") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"max_steps", 20}}));
  const RunFolder run(folder / "run");
  start(recipe, run)->run();
  std::ofstream(run.log(), std::ios::app) << R"({"event":"train","step":21,"loss":1})"
                                          << "\n"
                                          << R"({"event":"tr)";
  auto longer = recipe;
  longer.train.max_steps = 22;
  resume(longer, run)->run();
  const auto log = log_of(run, "train");
  REQUIRE(log.size() == 22);
  for (size_t i = 0; i < log.size(); ++i) CHECK(log[i]["step"] == i + 1);
}

}  // namespace attnzoo::test
