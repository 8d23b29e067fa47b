// attnzoo-train: trains the model of a recipe, or goes on with a run.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <iostream>

#include "data/command_line.h"
#include "data/error.h"
#include "data/json_fields.h"
#include "data/recipe.h"
#include "models/registry.h"
#include "train/initial_checkpoint.h"
#include "train/stop_signal.h"
#include "train/trainer.h"

namespace attnzoo {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

const CommandLine kAbout = {"attnzoo-train",
                            "Trains the model of a recipe; Ctrl-C saves and says how to go on.",
                            "RECIPE.json --run DIR [--init RUN] [--resume] [--set KEY=VALUE ...] [--max-time 50m] [--threads N]",
                            {"attnzoo-train recipe.json --run runs/first", "attnzoo-train --run runs/first --resume",
                             "attnzoo-train new-text.json --run runs/tuned --init runs/first",
                             "attnzoo-train recipe.json --run runs/wide --set model.dim=512 --set train.learning_rate=0.0005 --max-time 2h",
                             "attnzoo-train recipe.json --set data.train.source=my.en --set data.train.target=my.de --print-config",
                             "attnzoo-train --list-models"}};

cxxopts::Options make_options() {
  cxxopts::Options options(kAbout.program, kAbout.summary);
  auto add = options.add_options();
  add("recipe", "The recipe (JSON with comments); paths in it are relative to it", cxxopts::value<std::string>(), "FILE");
  add("run", "Folder of the run: configuration, log, checkpoints", cxxopts::value<std::string>(), "DIR");
  add("init", "Begin with the weights, the model section and the tokenisers of a run or a checkpoint (train.initial_checkpoint)",
      cxxopts::value<std::string>(), "DIR");
  add("resume", "Go on with the run in --run, with its own configuration");
  add("override", "With --resume: let what the recipe and --set say win over the run's configuration");
  add("set", "Change a field of the recipe, any number of times: model.dim=256, data.train.source=FILE (relative to the working folder)",
      cxxopts::value<Strings>(), "KEY=VALUE");
  add("max-time", "Stop after so much training, resumed parts included: 90s, 50m, 1h30m", cxxopts::value<std::string>(), "TIME");
  add("threads", "CPU threads (default: all cores)", cxxopts::value<int64_t>(), "N");
  add("device", "cpu or cuda", cxxopts::value<std::string>()->default_value("cpu"), "NAME");
  add("print-config", "Print the effective configuration and exit");
  add("list-models", "List the model families with their presets and exit");
  add("quiet", "Print nothing but errors");
  add("report-every", "Steps between two report lines (train.report_every)", cxxopts::value<int64_t>(), "N");
  add("log-format", "text, or json: one JSON object a report on standard output", cxxopts::value<std::string>()->default_value("text"),
      "FORMAT");
  options.parse_positional({"recipe"});
  return options;
}

Strings settings_of(const cxxopts::ParseResult& flags) {
  auto settings = flags.count("set") > 0 ? flags["set"].as<Strings>() : Strings{};
  if (flags.count("init") > 0) settings.push_back(string_setting("train.initial_checkpoint", flags["init"].as<std::string>()));
  if (flags.count("max-time") > 0) settings.push_back(string_setting("train.max_time", flags["max-time"].as<std::string>()));
  if (flags.count("report-every") > 0) settings.push_back(fmt::format("train.report_every={}", flags["report-every"].as<int64_t>()));
  return settings;
}

// The recipe, with the model of the checkpoint that it begins with, where it does; that is left in `initial`. With `saved`, the
// configuration of a run to go on with, it has begun already.
TrainingRecipe recipe_from_file(const cxxopts::ParseResult& flags, CheckpointContents& initial, const nlohmann::json* saved = nullptr) {
  if (flags.count("recipe") == 0) throw UsageError("a RECIPE.json is needed");
  const fs::path file = flags["recipe"].as<std::string>(), folder = fs::absolute(file).parent_path();
  auto fields = read_recipe(file, settings_of(flags), TrainConfig::path_fields());
  const nlohmann::json::json_pointer key("/train/initial_checkpoint");
  const auto named = [&](const nlohmann::json& recipe) {
    return recipe.contains(key) && recipe[key].is_string() ? recipe[key].get<std::string>() : "";
  };
  if (saved != nullptr && !named(*saved).empty()) {
    inherit_model(fields, *saved, flags["run"].as<std::string>());
    fields[key] = named(*saved);
  } else if (const auto name = named(fields); !name.empty()) {
    const auto directory = find_checkpoint((folder / name).lexically_normal());
    initial = load_checkpoint(directory, false);
    inherit_model(fields, initial.config, directory.string());
    fields[key] = directory.string();
  }
  return TrainingRecipe::from_json(fields, folder);
}

// The configuration to go on with: the checkpoint's, unless --override lets recipe and --set win.
TrainingRecipe recipe_for_resume(const cxxopts::ParseResult& flags, const nlohmann::json& saved, Progress& progress) {
  auto changed = saved;
  for (const std::string& setting : settings_of(flags)) apply_setting(changed, setting, TrainConfig::path_fields());
  auto recipe = TrainingRecipe::from_json(changed, fs::current_path());
  // What the flags leave is compared with the recipe, where one is given.
  CheckpointContents unused;
  const auto wanted = flags.count("recipe") > 0 ? recipe_from_file(flags, unused, &saved) : recipe;
  std::vector<std::string> conflicts;
  // Fields that the run's program did not know have their defaults on both sides.
  const auto before = TrainingRecipe::from_json(saved, fs::current_path()).to_json();
  for (const auto& difference : config_differences(before, wanted.to_json()))
    if (!difference.harmless)
      conflicts.push_back(fmt::format("{}: {} in the run, {} now", difference.key, difference.before, difference.after));
  if (flags.count("override") > 0) {
    for (const std::string& conflict : conflicts) progress.line("override: " + conflict);
    return wanted;
  }
  if (!conflicts.empty())
    fail<ConfigError>(
        "{}: the run has another configuration:\n  {}\nleave the recipe and --set away to go on as it was, or pass --override",
        flags["run"].as<std::string>(), fmt::join(conflicts, "\n  "));
  return recipe;
}

torch::Device device_of(const cxxopts::ParseResult& flags) {
  const auto name = flags["device"].as<std::string>();
  if (name == "cpu") return torch::kCPU;
  if (name != "cuda") throw UsageError(fmt::format("--device: '{}' is not a device; use cpu or cuda", name));
  if (!torch::cuda::is_available()) fail<ConfigError>("--device cuda: this LibTorch or machine has no CUDA; use --device cpu");
  return torch::kCUDA;
}

void print_json_report(const Report& report) {
  std::cout << nlohmann::json{{"batches", report.num_batches},
                              {"src", report.num_source_tokens},
                              {"tgt", report.num_target_tokens},
                              {"tgt_rate", report.target_rate()},
                              {"step", report.step},
                              {"loss", report.loss}}
                   .dump()
            << std::endl;
}

int train(const cxxopts::ParseResult& flags) {
  if (flags.count("run") == 0) throw UsageError("--run DIR is needed: the folder to write checkpoints and the log to");
  const bool resuming = flags.count("resume") > 0, quiet = flags.count("quiet") > 0;
  if (resuming && flags.count("init") > 0)
    throw UsageError("--init begins a run and --resume goes on with one: leave --init away, the run remembers it");
  const RunFolder run{flags["run"].as<std::string>()};
  Progress progress;
  TrainerOptions options;
  options.device = device_of(flags);
  if (!quiet) options.progress = &progress;
  if (flags["log-format"].as<std::string>() == "json") options.on_report = print_json_report;

  CheckpointContents contents;  // to go on from or to begin with
  TrainingRecipe recipe;
  std::string where;
  if (resuming) {
    where = run.last().string();
    contents = load_checkpoint(where);
    recipe = recipe_for_resume(flags, contents.config, progress);
  } else {
    recipe = recipe_from_file(flags, contents);
    where = recipe.train.initial_checkpoint;
    run.create();
  }
  const auto* initial = resuming || where.empty() ? nullptr : &contents;
  const auto trainer = make_trainer(recipe, run, options, resuming ? &contents : nullptr, where, initial);
  contents = {};
  run.write_config(recipe.to_json());
  const StopSignal stop;
  trainer->set_stop(&stop.requested());
  const TrainResult result = trainer->run();
  if (result.stopped && !quiet) progress.line(fmt::format("to go on: attnzoo-train --run {} --resume", run.path().string()));
  return result.stopped ? stop.exit_status() : 0;
}

int body(int argc, char** argv) {
  auto options = make_options();
  cxxopts::ParseResult flags;
  if (!parse_command_line(kAbout, options, argc, argv, flags)) return 0;
  if (flags.count("threads") > 0) {
    const auto threads = flags["threads"].as<int64_t>();
    if (threads < 1) throw UsageError(fmt::format("--threads: must be 1 or more, got {}", threads));
    at::set_num_threads(static_cast<int>(threads));
  }
  const auto format = flags["log-format"].as<std::string>();
  if (format != "text" && format != "json") throw UsageError(fmt::format("--log-format: '{}' is unknown; use text or json", format));
  if (flags.count("list-models") > 0) {
    std::cout << list_models();
    return 0;
  }
  if (flags.count("print-config") > 0) {
    CheckpointContents unused;
    std::cout << recipe_from_file(flags, unused).to_json().dump(2) << "\n";
    return 0;
  }
  return train(flags);
}

}  // namespace
}  // namespace attnzoo

int main(int argc, char** argv) {
  return attnzoo::run_program("attnzoo-train", [&] { return attnzoo::body(argc, argv); });
}
