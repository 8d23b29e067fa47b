#include "train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <fstream>

#include "data/error.h"
#include "data/files.h"
#include "tests/train/tiny_run.h"
#include "train/divergence.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

// Tiny models gain nothing from threads, and lose much where other programs keep the cores busy.
struct OneThread {
  int num_threads = at::get_num_threads();
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(num_threads); }
};

std::unique_ptr<Trainer> start(const TrainingRecipe& recipe, const RunFolder& run, TrainerOptions options = {}) {
  options.measure_matmul_rate = false;
  run.create();
  return make_trainer(recipe, run, options, nullptr, "");
}

std::unique_ptr<Trainer> resume(const TrainingRecipe& recipe, const RunFolder& run, TrainerOptions options = {}) {
  options.measure_matmul_rate = false;
  const auto contents = load_checkpoint(run.last());
  return make_trainer(recipe, run, options, &contents, run.last().string());
}

// Stops a run at a step, as Ctrl-C would.
struct StopAt {
  std::atomic<bool> stop{false};
  TrainerOptions options(int64_t step) {
    TrainerOptions options;
    options.on_entry = [this, step](const nlohmann::json& entry) {
      if (entry["event"] == "train" && entry["step"] >= step) stop = true;
    };
    return options;
  }
};

std::vector<nlohmann::json> log_of(const RunFolder& run, const std::string& event) {
  std::ifstream in(run.log());
  std::vector<nlohmann::json> entries;
  for (std::string line; std::getline(in, line);) {
    auto entry = nlohmann::json::parse(line);
    if (entry["event"] != event) continue;
    for (const char* changing : {"elapsed_s", "seconds", "target_tokens_per_s", "memory_mb"}) entry.erase(changing);
    entries.push_back(entry);
  }
  return entries;
}

void require_same_bits(const NamedTensors& given, const NamedTensors& expected) {
  REQUIRE(given.size() == expected.size());
  for (const auto& [name, tensor] : expected) {
    INFO(name);
    REQUIRE(given.at(name).equal(tensor));
  }
}

nlohmann::json recurrent_with_statistics() {
  return {{"family", "attention-gru"}, {"embedding_dim", 16},        {"encoder_dim", 16}, {"decoder_dim", 16},
          {"attention_dim", 16},       {"encoder_layers", 2},        {"residual", true},  {"encoder_recurrent_norm", "batch"},
          {"positions", "learned"},    {"variational_dropout", true}};
}

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

TEST_CASE_METHOD(OneThread, "short epochs are validated 100 steps apart, and a longer run keeps the warm-up that it started with") {
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
  // The warm-up is a fifth of 115 steps, so the rate falls from step 23 on.
  const auto rate_at = [&](size_t step) { return log_of(run, "train").at(step - 1)["learning_rate"].get<double>(); };
  CHECK(rate_at(22) < rate_at(23));
  CHECK_THAT(rate_at(230), Catch::Matchers::WithinRel(rate_at(23) * std::sqrt(0.1), 1e-9));
}

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

TEST_CASE_METHOD(OneThread, "max_epochs ends after whole passes over the data, and validation comes at the end of each") {
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
  CHECK(log_of(run, "validation").size() == 2);
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
