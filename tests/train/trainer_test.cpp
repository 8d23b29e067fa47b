#include "train/trainer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "data/error.h"
#include "data/files.h"
#include "tests/train/trainer_harness.h"
#include "train/divergence.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE_METHOD(OneThread, "checkpoints carry running statistics, with averaged weights the same as without") {
  const TemporaryDirectory folder;
  const auto checkpoint = [&](double ema_decay) {
    auto fields = tiny_recipe(folder, {{"max_steps", 3}, {"ema_decay", ema_decay}});
    fields["model"] = recurrent_with_statistics();
    const RunFolder run(folder / fmt::format("ema-{}", ema_decay));
    start(read_tiny(folder, fields), run)->run();
    return std::pair(load_checkpoint(run.last()), load_model(run.path(), torch::kCPU).model);
  };
  const auto [plain, plain_model] = checkpoint(0);
  const auto [averaged, averaged_model] = checkpoint(0.9);
  const auto& weight = "encoder.forward_0.weight_hh";
  CHECK_FALSE(averaged.weights.at(weight).equal(plain.weights.at(weight)));
  CHECK(averaged.extra_tensors.at("training_weights").at(weight).equal(plain.weights.at(weight)));
  for (const auto* statistic : {"encoder.norm_1.running_mean", "encoder.norm_1.running_variance"}) {
    INFO(statistic);
    CHECK(averaged.weights.at(statistic).equal(plain.weights.at(statistic)));
    CHECK_FALSE(averaged.weights.at(statistic)[0].equal(averaged.weights.at(statistic)[63]));  // three steps moved the first
    CHECK(averaged_model->named_buffers()[statistic].equal(plain.weights.at(statistic)));
  }
}

TEST_CASE_METHOD(OneThread, "the same recipe trains the same weights twice, another seed others") {
  const TemporaryDirectory folder;
  auto fields = tiny_recipe(folder, {{"max_steps", 5}, {"validate_every", 5}, {"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}});
  const auto weights = [&](const std::string& name, int seed) {
    fields["train"]["seed"] = seed;
    const RunFolder run(folder / name);
    start(read_tiny(folder, fields), run)->run();
    return load_checkpoint(run.last()).weights;
  };
  const auto first = weights("a", 1);
  require_same_bits(weights("b", 1), first);
  CHECK_FALSE(weights("c", 2).begin()->second.equal(first.begin()->second));
}

TEST_CASE_METHOD(OneThread, "validation leaves no trace in training") {
  const TemporaryDirectory folder;
  const auto weights = [&](const std::string& name, int64_t validate_every) {
    const RunFolder run(folder / name);
    start(read_tiny(folder, tiny_recipe(folder, {{"max_steps", 12}, {"validate_every", validate_every}})), run)->run();
    return load_checkpoint(run.last()).weights;
  };
  require_same_bits(weights("often", 2), weights("once", 100));
}

TEST_CASE_METHOD(OneThread, "a model learns to reverse, and best and last name its checkpoints") {
  const TemporaryDirectory folder;
  const auto recipe =
      read_tiny(folder, tiny_recipe(folder, {{"max_steps", 150}, {"validate_every", 50}, {"keep", 1}, {"report_every", 10}}));
  const RunFolder run(folder / "run");
  const auto result = start(recipe, run)->run();
  CHECK(result.reason == "max_steps 150 reached");
  CHECK_FALSE(result.stopped);
  const auto log = log_of(run, "train");
  CHECK(log.back()["loss"].get<double>() < 0.8 * log.front()["loss"].get<double>());
  CHECK(std::filesystem::read_symlink(run.path() / "checkpoints" / "last") == "step-000150");
  const auto validations = log_of(run, "validation");
  REQUIRE(validations.size() == 3);
  CHECK(validations[0].contains("bleu"));
  CHECK(validations[0]["samples"].size() == 3);
  CHECK(run.steps().size() <= 2);
  const auto loaded = load_model(run.path(), torch::kCPU);
  CHECK(loaded.checkpoint == run.checkpoint(result.best.step));
  CHECK_FALSE(loaded.model->is_training());
}

TEST_CASE_METHOD(OneThread, "training stops early when the metric stops improving, and says so") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"learning_rate", 1e-12},
                                                             {"validate_every", 1},
                                                             {"keep", 1},
                                                             {"best_metric", "loss"},
                                                             {"valid_decode", {{"beam", 0}}},
                                                             {"early_stopping", {{"metric", "loss"}, {"patience", 3}}},
                                                             {"schedule", {{"kind", "constant"}, {"warmup_steps", 0}}}}));
  const RunFolder run(folder / "run");
  const auto result = start(recipe, run)->run();
  CHECK(result.step < 40);
  CHECK_THAT(result.reason, ContainsSubstring("no better loss in 3 validations (best "));
}

TEST_CASE_METHOD(OneThread, "max_epochs ends after whole passes over the data, and a run of short epochs is validated at its end") {
  const TemporaryDirectory folder;
  const auto recipe =
      read_tiny(folder, tiny_recipe(folder, {{"max_steps", 0}, {"max_epochs", 2}, {"validate_every", 0}, {"accumulate", 3}}));
  const RunFolder run(folder / "run");
  const auto result = start(recipe, run)->run();
  CHECK(result.reason == "max_epochs 2 reached");
  int64_t num_batches = 0;
  for (const auto& entry : log_of(run, "train")) num_batches += entry["batches"].get<int64_t>();
  const auto corpus = prepare_data(recipe.data, recipe.data.cache, {}, {}).train;
  CHECK(num_batches ==
        static_cast<int64_t>(plan_epoch(*corpus, recipe.train.batch, 1, 0).size() + plan_epoch(*corpus, recipe.train.batch, 1, 1).size()));
  CHECK(log_of(run, "validation").size() == 1);
}

TEST_CASE_METHOD(OneThread, "max_time ends training") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"max_steps", 0}, {"max_time", 0.05}, {"validate_every", 100000}}));
  const RunFolder run(folder / "run");
  CHECK(start(recipe, run)->run().reason == "max_time 0 s reached");
}

TEST_CASE_METHOD(OneThread, "ten gradients in a row that are not finite end training with the reason") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"learning_rate", 1e30},
                                                             {"clip_norm", 0},
                                                             {"validate_every", 1000},
                                                             {"schedule", {{"kind", "constant"}, {"warmup_steps", 0}}}}));
  const RunFolder run(folder / "run");
  REQUIRE_THROWS_WITH(start(recipe, run)->run(),
                      ContainsSubstring("training diverged at step ") &&
                          ContainsSubstring(": the loss or its gradient was not finite in the last 10 steps; lower train.learning_rate "
                                            "(1e+30) or set train.clip_norm (0, which is off), then start again"));
  CHECK(run.steps().empty());
  CHECK(log_of(run, "end").back()["reason"] == "diverged");
}

TEST_CASE_METHOD(OneThread, "training that diverges before its end fails, logs null for what it did not measure, and saves nothing") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"learning_rate", 1e10},
                                                             {"max_steps", 5},
                                                             {"validate_every", 1000},
                                                             {"schedule", {{"kind", "constant"}, {"warmup_steps", 0}}}}));
  const RunFolder run(folder / "run");
  REQUIRE_THROWS_WITH(start(recipe, run)->run(),
                      ContainsSubstring("training diverged at step 5: the loss or its gradient was not finite in "));
  const auto log = log_of(run, "train");
  REQUIRE(log.size() == 5);
  CHECK(log[0]["loss"].is_number());
  for (const char* name : {"loss", "perplexity", "gradient_norm"}) CHECK(log[4][name].is_null());
  CHECK(log[4]["skipped"] == 1);
  CHECK(run.steps().empty());
}

TEST_CASE_METHOD(OneThread, "weights that are not finite are not saved, and the last checkpoint stays") {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder, {{"max_steps", 2}, {"validate_every", 1000}}));
  const RunFolder run(folder / "run");
  start(recipe, run)->run();
  auto contents = load_checkpoint(run.last());
  auto longer = recipe;
  longer.train.max_steps = 4;
  longer.train.learning_rate = 0.5;
  contents.weights.begin()->second.fill_(NAN);
  TrainerOptions options;
  options.measure_matmul_rate = false;
  const auto trainer = make_trainer(longer, run, options, &contents, "RUN");
  REQUIRE_THROWS_WITH(trainer->run(),
                      ContainsSubstring("training diverged at step 4: the loss or its gradient was not finite in the last 2 steps; lower "
                                        "train.learning_rate (0.5) or train.clip_norm (1), then resume from the last checkpoint with "
                                        "--resume --override, or start again"));
  CHECK(run.steps() == std::vector<int64_t>{2});

  // Stopped before the steps in a row are many.
  std::atomic<bool> stop{true};
  const auto stopped = make_trainer(longer, run, options, &contents, "RUN");
  stopped->set_stop(&stop);
  CHECK(stopped->run().stopped);  // at the checkpoint itself: there is nothing to save
}

TEST_CASE("a checkpoint with a tensor that is not finite is refused with its name") {
  CheckpointContents contents;
  contents.weights = {{"a", torch::ones({2})}, {"b", torch::tensor({1.0f, INFINITY})}};
  REQUIRE_THROWS_WITH(check_finite(contents, "DIR", "do this"),
                      "DIR: not saved: 'b' in the weights is not finite: training diverged; do this");
  contents.weights.at("a").fill_(NAN);
  REQUIRE_THROWS_WITH(check_finite(contents, "DIR", "do this"),
                      "DIR: not saved: 'a' and 1 more in the weights are not finite: training diverged; do this");
  contents.weights.clear();
  contents.extra_tensors = {{"generator", {{"cpu", torch::full({3}, 255, torch::kByte)}}}, {"optimizer", {{"a/m", torch::full({1}, NAN)}}}};
  REQUIRE_THROWS_WITH(check_finite(contents, "DIR", "do this"),
                      "DIR: not saved: 'a/m' in the optimiser's state is not finite: training diverged; do this");
}

TEST_CASE_METHOD(OneThread, "where BLEU stands still, the checkpoint of the lowest loss is the best, and training does not stop early") {
  const TemporaryDirectory folder;
  auto fields =
      tiny_recipe(folder, {{"max_steps", 60}, {"validate_every", 10}, {"report_every", 100}, {"early_stopping", {{"patience", 2}}}});
  // Every line is one word to BLEU, which stays 0 for want of four; the loss falls.
  fields["data"]["tokenizer"]["kind"] = "characters";
  for (const char* name : {"train.in", "train.out", "valid.in", "valid.out"}) {
    auto text = read_file(folder / name);
    std::erase(text, ' ');
    folder.file(name, text);
  }
  const auto recipe = read_tiny(folder, fields);
  const RunFolder run(folder / "run");
  const auto result = start(recipe, run)->run();
  double lowest = INFINITY;
  int64_t step_of_lowest = 0;
  const auto validations = log_of(run, "validation");
  for (const auto& validation : validations) {
    REQUIRE(validation["bleu"] == 0.0);
    if (validation["loss"] < lowest) {
      lowest = validation["loss"];
      step_of_lowest = validation["step"];
    }
  }
  CHECK(result.best.step == step_of_lowest);
  CHECK(step_of_lowest > 10);
  CHECK(result.best.loss == Approx(lowest));
  CHECK(std::filesystem::read_symlink(run.path() / "checkpoints" / "best") == run.checkpoint(step_of_lowest).filename());
}

}  // namespace attnzoo::test
