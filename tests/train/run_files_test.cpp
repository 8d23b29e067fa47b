// The small files beside the trainer: run folder, log, state, time account, average of weights, FLOPs, stop signal.
#include <ATen/ATen.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/temporary_path.h"
#include "models/registry.h"
#include "tests/temporary_directory.h"
#include "train/compute_rate.h"
#include "train/progress_report.h"
#include "train/run_folder.h"
#include "train/train_log.h"
#include "train/weight_average.h"

#include "tests/catch.h"

namespace attnzoo::test {

namespace fs = std::filesystem;

TEST_CASE("a run folder that holds a run or strange files is refused with what to do") {
  const TemporaryDirectory folder;
  const RunFolder run(folder / "run");
  run.create();
  run.create();  // what a start leaves before its first checkpoint does no harm
  REQUIRE_THROWS_WITH(run.last(), run.path().string() + ": holds no checkpoint to resume from; start the run again without --resume");
  folder.file("run/checkpoints/step-000400/manifest.json", "{}");
  REQUIRE_THROWS_WITH(run.create(),
                      run.path().string() + ": already holds a training run; pass --resume to continue it, or choose another folder");
  folder.file("thesis.txt", "");
  REQUIRE_THROWS_WITH(RunFolder(folder.path()).create(), ContainsSubstring(": the folder is not empty (it holds ") &&
                                                             ContainsSubstring("); choose a new or empty folder for --run"));
  REQUIRE_THROWS_WITH(RunFolder(folder / "thesis.txt").create(), (folder / "thesis.txt").string() + ": is a file; --run needs a folder");
  REQUIRE_THROWS_WITH(RunFolder(folder / "nowhere").last(),
                      (folder / "nowhere").string() + ": no such run folder; start one without --resume");
}

TEST_CASE("names of attnzoo's in a folder of the user's are no run that a start may take over") {
  const TemporaryDirectory folder;
  const auto refused = [&](const std::string& name, const std::string& content) {
    const auto path = fs::path(name).begin()->string();
    folder.file("mine/" + name, content);
    CHECK_THROWS_WITH(RunFolder(folder / "mine").create(), (folder / "mine").string() + ": the folder is not empty (it holds " + path +
                                                               "); choose a new or empty folder for --run");
    CHECK(read_file(folder / ("mine/" + name)) == content);
    fs::remove_all(folder / "mine");
  };
  refused("config.json", "{\"editor\": \"vi\"}");
  refused("config.json", R"({"data": {"clean": {"empty": "drop"}}, "model": {"family": "x"}, "train": {"report_every": 1}})");
  refused("log.jsonl", "{\"event\": \"login\"}\n");
  refused("checkpoints/game.sav", "x");
  refused("checkpoints/step-000100/notes.txt", "x");
  refused("prepared/speech.txt", "x");
  refused("prepared/train.corpus", "my own corpus");
  refused("tensorboard/events.out.tfevents.1.host", "x");
  refused("prepared/prepared.json", "{\"mine\": 1}");
  fs::create_directories(folder / "left");
  const nlohmann::json config = {
      {"data", {{"clean", {{"empty", "drop"}}}}}, {"model", {{"family", "x"}}}, {"train", {{"report_every", 1}}}};
  RunFolder(folder / "left").write_config(config);
  folder.file("left/log.jsonl", R"({"elapsed_s":0.0,"event":"start","parameters":1,"step":0})");
  folder.file("left/prepared/source.tokenizer", "{\"attnzoo_tokenizer\":1}");
  folder.file("left/tensorboard/events.out.tfevents.1.2.3.attnzoo", "x");
  RunFolder(folder / "left").create();
}

TEST_CASE("pruning keeps the newest checkpoints, what best and last name, the best step, and all that training did not write") {
  const TemporaryDirectory folder;
  const RunFolder run(folder / "run");
  const fs::path checkpoints = run.path() / "checkpoints";
  for (const int64_t step : {50, 100, 200, 300, 1000000, 2000000})
    folder.file("run/checkpoints/" + run.checkpoint(step).filename().string() + "/manifest.json", R"({"files": {"x": 1}})");
  folder.file("run/checkpoints/step-000200/x", "");
  folder.file("run/checkpoints/step-000300/notes.txt", "mine");
  folder.file("run/checkpoints/step-000400.tmp/mine", "");
  folder.file("run/checkpoints/step-000500/mine", "");
  const auto leftover = new_temporary_name(checkpoints);
  fs::create_directory(leftover);
  fs::create_directory_symlink("step-000100", checkpoints / "best");
  fs::create_directory_symlink("step-2000000", checkpoints / "last");
  run.prune(2, 50);
  CHECK(run.steps() == std::vector<int64_t>{50, 100, 1000000, 2000000});
  CHECK(names_in(checkpoints) == std::vector<std::string>{"best", "last", "step-000050", "step-000100", "step-000300", "step-000400.tmp",
                                                          "step-000500", "step-1000000", "step-2000000"});
  CHECK(read_file(run.checkpoint(300) / "notes.txt") == "mine");
}

TEST_CASE("a run folder is locked for one training, and what is no folder is refused") {
  const TemporaryDirectory folder;
  const RunFolder run(folder / "run");
  {
    const auto lock = run.lock();
    CHECK_THROWS_WITH(run.lock(),
                      ContainsSubstring(run.path().string() + ": process " + std::to_string(::getpid()) + " on ") &&
                          ContainsSubstring(" is training in this folder; wait until it ends, or choose another folder with --run"));
    run.create();
  }
  CHECK_FALSE(fs::exists(run.path()));
  folder.file("file", "");
  CHECK_THROWS_WITH(RunFolder(folder / "file").lock(), (folder / "file").string() + ": is a file; --run needs a folder");
}

TEST_CASE("a link in a run folder that training would write through is refused; best and last may be links") {
  const TemporaryDirectory folder;
  folder.file("diary/config.json", "mine");
  const RunFolder run(folder / "run");
  folder.file("run/checkpoints/step-000001/manifest.json", "{}");
  folder.file("run/prepared/prepared.json", "{}");
  fs::create_symlink("step-000001", folder / "run/checkpoints/last");
  run.lock();
  for (const char* name : {"config.json", "log.jsonl", "prepared/train.corpus", "prepared/runs.json", "checkpoints/step-000002",
                           "checkpoints/step-000001/config.json"}) {
    const fs::path link = run.path() / name;
    fs::create_symlink(folder / "diary/config.json", link);
    CHECK_THROWS_WITH(run.lock(), link.string() +
                                      ": is a symbolic link; in a run folder only checkpoints/best and checkpoints/last may be "
                                      "links, because training writes to all others: replace it with what it points to, or remove it");
    fs::remove(link);
  }
  for (const char* name : {"prepared", "checkpoints"}) {
    fs::rename(run.path() / name, folder / "moved");
    fs::create_symlink("../moved", run.path() / name);
    CHECK_THROWS_WITH(run.lock(), ContainsSubstring((run.path() / name).string() + ": is a symbolic link; "));
    fs::remove(run.path() / name);
    fs::rename(folder / "moved", run.path() / name);
  }
  fs::create_symlink("../diary/config.json", run.path() / "training.lock");
  CHECK_THROWS_WITH(run.lock(),
                    (run.path() / "training.lock").string() + ": is a symbolic link; remove it, or choose another folder with --run");
  CHECK(read_file(folder / "diary/config.json") == "mine");
}

TEST_CASE("a log or a configuration that is a link is not written through") {
  const TemporaryDirectory folder;
  const auto diary = folder.file("diary", "{\"step\":1}\n");
  fs::create_symlink("diary", folder / "log.jsonl");
  fs::create_symlink("diary", folder / "config.json");
  for (const int64_t step : {0, 5})
    CHECK_THROWS_WITH(TrainLog(folder / "log.jsonl", step), ContainsSubstring("log.jsonl: is a symbolic link"));
  CHECK_THROWS_WITH(RunFolder(folder.path()).write_config({}), ContainsSubstring("config.json: is a symbolic link"));
  CHECK(read_file(diary) == "{\"step\":1}\n");
}

TEST_CASE("a log goes on after the step it is resumed from") {
  const TemporaryDirectory folder;
  const auto file = folder.file("log.jsonl", "{\"step\":1}\n{\"step\":2,\"a\":1}\n{\"step\":3}\nbroken");
  TrainLog(file, 2).write({{"step", 3}, {"again", true}});
  CHECK(read_file(file) == "{\"step\":1}\n{\"step\":2,\"a\":1}\n{\"again\":true,\"step\":3}\n");
  { TrainLog log(file, 0); }
  CHECK(read_file(file).empty());
  REQUIRE_THROWS_WITH(TrainLog(folder / "no/log.jsonl", 0), (folder / "no/log.jsonl").string() + ": cannot be written: the folder " +
                                                                (folder / "no").string() + " does not exist");
}

TEST_CASE("the state of training read from its own JSON is the same") {
  TrainState state;
  state.step = 7;
  state.elapsed_s = 0.1;
  state.best.offer("bleu", {12.5, 3}, 6);
  state.stream_position = 9;
  state.window.loss.nll = 1.0 / 3.0;
  state.plateau.scale = 0.25;
  state.validation_due = true;
  state.epochs_done = 2;
  // As text: what is not finite is null there.
  CHECK(TrainState::from_json(nlohmann::json::parse(state.to_json().dump()), "").to_json().dump() == state.to_json().dump());
}

TEST_CASE("a state of training that an earlier version saved is read") {
  auto fields = TrainState().to_json();
  for (const char* best : {"best", "early_best"})
    for (const char* added : {"metric", "loss"}) fields[best].erase(added);
  for (const char* added : {"skipped", "skipped_target_tokens"}) fields["window"].erase(added);
  fields["plateau"].erase("best_loss");
  fields["last_validated_step"] = 0;
  CHECK(TrainState::from_json(fields, "").to_json().dump() == TrainState().to_json().dump());
}

TEST_CASE("a damaged state of training is refused with the field") {
  const std::string begin = "x/train_state.json: not a state that training can resume from: ";
  const auto problem = [&](const char* pointer, const nlohmann::json& value) {
    auto fields = TrainState().to_json();
    const nlohmann::json::json_pointer at(pointer);
    if (value.is_discarded()) {
      fields[at.parent_pointer()].erase(at.back());
    } else {
      fields[at] = value;
    }
    try {
      TrainState::from_json(fields, "x/train_state.json");
    } catch (const CheckpointError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string count = "must be a whole number from 0 to 9007199254740992, got ";
  CHECK(problem("/stream_position", 1e17) == begin + "'stream_position' " + count + "1e+17");
  CHECK(problem("/stream_position", int64_t{100000000000000000}) == begin + "'stream_position' " + count + "100000000000000000");
  CHECK(problem("/step", -1) == begin + "'step' " + count + "-1");
  CHECK(problem("/step", 5) == begin + "'stream_position' must be at least 'step': a step takes at least one batch");
  CHECK(problem("/window/steps", "a") == begin + "'window.steps' " + count + "\"a\"");
  CHECK(problem("/window/skipped", 1) == begin + "'window.skipped' must be at most 'window.steps'");
  CHECK(problem("/validation_due", 1) == begin + "'validation_due' must be true or false, got 1");
  CHECK(problem("/plateau/scale", nullptr) == begin + "'plateau.scale' must be between 0 and 1");
  CHECK(problem("/elapsed_s", "long") == begin + "'elapsed_s' must be a number, got \"long\"");
  CHECK(problem("/best", nlohmann::json::array()) == begin + "'best' must be an object, got []");
  CHECK(problem("/seconds/loss", nlohmann::json(nlohmann::json::value_t::discarded)) == begin + "'seconds.loss' is missing");
  REQUIRE_THROWS_WITH(TrainState::from_json(nlohmann::json::array(), "x/train_state.json"), begin + "it is not an object");
}

TEST_CASE("the best value follows the direction of its metric") {
  BestValue loss, bleu;
  CHECK(loss.offer("loss", {3, 3}, 1));
  CHECK_FALSE(loss.offer("loss", {3, 3}, 2));
  CHECK(loss.offer("loss", {2, 2}, 3));
  CHECK(bleu.offer("bleu", {0, 3}, 1));
  CHECK(bleu.offer("bleu", {1, 3}, 2));
  CHECK_FALSE(bleu.offer("bleu", {0.5, 2}, 3));
  CHECK(bleu.step == 2);
}

TEST_CASE("where a metric stands still, the lower loss is the best value") {
  BestValue best;
  CHECK(best.offer("bleu", {0.001, 5}, 1));
  CHECK(best.offer("bleu", {0.004, 4}, 2));
  CHECK(best.offer("bleu", {0, 3}, 3));  // BLEU 0.00 like the others, in the two decimals that are shown
  CHECK_FALSE(best.offer("bleu", {0, 3.5}, 4));
  CHECK_FALSE(best.offer("bleu", {0, std::nan("")}, 5));
  CHECK(best.step == 3);
}

TEST_CASE("a value that is not finite is never the best, and a value of another metric is no measure") {
  BestValue best;
  CHECK_FALSE(best.offer("loss", {std::nan(""), std::nan("")}, 1));
  CHECK_FALSE(best.offer("loss", {INFINITY, INFINITY}, 2));
  CHECK_FALSE(best.known);
  CHECK(best.offer("loss", {3, 3}, 3));
  CHECK_FALSE(best.offer("loss", {std::nan(""), std::nan("")}, 4));
  CHECK(best.offer("bleu", {1, 3}, 5));  // 1 as a loss would be better than 3, as BLEU it starts anew
  CHECK_FALSE(best.offer("bleu", {0.5, 2}, 6));
  CHECK(best.step == 5);
}

TEST_CASE("averaged weights follow a' = d a + (1 - d) w with a short memory at first, and swapping twice changes nothing") {
  NamedTensors parameters{{"w", torch::zeros({2}, torch::kDouble)}};
  WeightAverage average(parameters, 0.5);
  parameters.at("w").fill_(1.0);
  average.update(1);  // factor min(0.5, 2 / 11)
  CHECK(average.average().at("w")[0].item<double>() == Approx(9.0 / 11));
  average.update(100);
  CHECK(average.average().at("w")[0].item<double>() == Approx(10.0 / 11));
  {
    const AveragedWeights averaged(&average);
    CHECK(parameters.at("w")[0].item<double>() == Approx(10.0 / 11));
    CHECK(average.average().at("w")[0].item<double>() == 1);
  }
  CHECK(parameters.at("w")[0].item<double>() == 1);
  average.restart();
  CHECK(average.average().at("w")[1].item<double>() == 1);
  const AveragedWeights nothing(nullptr);
}

TEST_CASE("FLOPs count encoder weights by source tokens, all others by target tokens, tables only as output layer") {
  const auto model = build_model(complete_model_config({{"family", "transformer"}, {"preset", "tiny"}}), {100, 200, false});
  const MatmulParameters counted(*model);
  int64_t encoder = 0, decoder = 0;
  for (const auto& item : model->named_parameters()) {
    if (item.value().dim() < 2 || item.key().find("embedding") != std::string::npos) continue;
    (item.key().starts_with("encoder") ? encoder : decoder) += item.value().numel();
  }
  CHECK(encoder > 0);
  CHECK(counted.source == encoder);
  CHECK(counted.target == decoder + model->output_weight_VD().numel());
  CHECK(counted.training_flops(2, 3) == Approx(6.0 * static_cast<double>(2 * counted.source + 3 * counted.target)));
  CHECK(measure_matmul_rate(torch::kCPU, 0.01) > 1e8);
}

TEST_CASE("the time left is that of the limit reached first") {
  TrainConfig config;
  TrainState state;
  state.step = 10;
  state.stream_position = 10;
  state.elapsed_s = 5;
  CHECK(estimate_remaining(config, state, 0.5, 20) == -1);
  config.max_steps = 110;
  CHECK(estimate_remaining(config, state, 0.5, 20) == Approx(50));
  config.max_epochs = 2;
  CHECK(estimate_remaining(config, state, 0.5, 20) == Approx(15));
  config.max_time = 12;
  CHECK(estimate_remaining(config, state, 0.5, 20) == Approx(7));
  config.max_time = 1;
  CHECK(estimate_remaining(config, state, 0.5, 20) == 0);
}

TEST_CASE("reports, validation and summary are worded for people") {
  Report report;
  report.step = 1200;
  report.max_steps = 10000;
  report.epoch = 3;
  report.loss = 3.4123;
  report.perplexity = 18.2;
  report.learning_rate = 0.00071;
  report.num_source_tokens = 980;
  report.num_target_tokens = 1020;
  report.seconds = 0.1;
  report.eta_s = 725;
  CHECK(report.text() == "step 1200/10000  epoch 3  loss 3.412  ppl 18.20  lr 7.1e-04  src 9.80k/s  tgt 10.2k/s  ETA 12 min 05 s");

  ValidationResult result;
  result.scores.negative_log_likelihood = 200;
  result.scores.num_tokens = 100;
  result.bleu.emplace().score = 12.345;
  result.samples = {{"a house", "ein Haus", "ein Maus"}};
  result.seconds = 5;
  CHECK(validation_text(result, 400, true) ==
        "validation at step 400: loss 2.000, perplexity 7.39, BLEU 12.35 (5 s), the best so far\n"
        "  source    a house\n  reference ein Haus\n  output    ein Maus");
  REQUIRE_THROWS_WITH(result.metric("chrf"), "validation: the metric 'chrf' was not measured");

  TrainState state;
  state.step = 10;
  state.num_source_tokens = 1000;
  state.num_target_tokens = 2000;
  state.elapsed_s = 10;
  state.num_nonfinite = 2;
  for (const auto& [phase, seconds] : {std::pair{Phase::kData, 0.5},
                                       {Phase::kForward, 3},
                                       {Phase::kLoss, 1},
                                       {Phase::kBackward, 2.5},
                                       {Phase::kOptimizer, 1},
                                       {Phase::kValidation, 1}})
    state.time.seconds(phase) = seconds;
  CHECK(summary_text(state, true, 8e9, 2e9) ==
        "trained 10 steps on 1.00k source and 2.00k target tokens in 10 s: forward 30.0%, backward 25.0%, loss 10.0%, optimiser 10.0%, "
        "validation 10.0%, data 5.0%, saving 0.0%, other 10.0%\n"
        "  training reached 1.0 GFLOP/s, 50% of the 2.0 GFLOP/s that matrix products alone reach here\n"
        "  steps skipped because their loss or gradient was not finite: 2");
}

TEST_CASE("a mean over nothing is no number: null in the log, said in words on the line") {
  StepSums skipped;
  skipped.skipped = true;
  skipped.loss = {NAN, NAN, 10};
  skipped.gradient_norm = NAN;
  skipped.num_source_tokens = 8;
  skipped.seconds = 2;
  StepSums finite;
  finite.loss = {20, 15, 10};
  finite.gradient_norm = 3;
  finite.seconds = 2;

  ReportWindow window;
  window.add(skipped);
  CHECK(std::isnan(window.loss.loss_per_token()));
  CHECK(std::isnan(window.loss.perplexity()));
  CHECK(std::isnan(window.mean_gradient_norm()));
  CHECK(window.num_target_tokens() == 10);
  Report report;
  report.step = 5;
  report.epoch = 1;
  report.loss = window.loss.loss_per_token();
  report.perplexity = window.loss.perplexity();
  report.gradient_norm = window.mean_gradient_norm();
  report.num_target_tokens = window.num_target_tokens();
  report.num_skipped = window.num_skipped;
  CHECK(report.text() == "step 5  epoch 1  no finite step  lr 0.0e+00  src -  tgt -");
  const auto entry = nlohmann::json::parse(report.to_json().dump());
  for (const char* name : {"loss", "perplexity", "gradient_norm", "target_tokens_per_s"}) CHECK(entry[name].is_null());
  CHECK(entry["skipped"] == 1);

  // The norm is a mean over the steps that count.
  window.add(finite);
  CHECK(window.mean_gradient_norm() == 3);
  CHECK(window.loss.loss_per_token() == 2);
  CHECK(window.num_target_tokens() == 20);
  CHECK(TimeAccount().text(0) == "no time measured");
  CHECK(std::isnan(RecentSteps().seconds_per_step()));
  CHECK(std::isnan(ValidationResult().metric("loss")));
  CHECK(ValidationResult().to_json()["accuracy"].dump() == "null");
}

}  // namespace attnzoo::test
