// attnzoo-train: trains the model of a recipe, or resumes a run.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "data/bounded_waiting.h"
#include "data/cache_folder.h"
#include "data/command_line.h"
#include "data/device_option.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/printable.h"
#include "data/recipe.h"
#include "data/recipe_fields.h"
#include "data/stop_signal.h"
#include "eval/decode_options.h"
#include "models/registry.h"
#include "models/section_fields.h"
#include "train/field_list.h"
#include "train/initial_checkpoint.h"
#include "train/metrics.h"
#include "train/next_commands.h"
#include "train/resume_checks.h"
#include "train/resume_policy.h"
#include "train/run_commands.h"
#include "train/run_summary.h"
#include "train/trainer.h"

namespace attnzoo {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

// Every field of every family: what --set can name.
std::vector<std::string> recipe_keys() {
  nlohmann::json recipe = {
      {"task", ""}, {"data", complete_data_section()}, {"train", TrainConfig{}.to_json()}, {"model", nlohmann::json::object()}};
  for (const auto& family : model_families()) recipe["model"].update(complete_model_config({{"family", family.name}}));
  recipe["model"]["preset"] = "";
  return dotted_keys(recipe);
}

const CommandLine kAbout = {
    "attnzoo-train",
    "Trains the model of a recipe; Ctrl-C saves and prints the command that resumes.",
    "RECIPE.json --run DIR [--init RUN] [--resume] [--set KEY=VALUE ...] [--max-time 50m] [--threads N]",
    {"attnzoo-train recipe.json --run runs/first", "attnzoo-train --run runs/first --resume",
     "attnzoo-train new-text.json --run runs/tuned --init runs/first",
     "attnzoo-train recipe.json --run runs/wide --set model.dim=512 --set train.learning_rate=0.0005 --max-time 2h",
     "attnzoo-train recipe.json --set data.train.source=my.en --set data.train.target=my.de --print-config", "attnzoo-train --list-models",
     "attnzoo-train show runs/first runs/wide                          # how they went",
     "attnzoo-train compare runs/first runs/wide --out compare.html    # the same as a page"},
    recipe_keys,
    {"show", "compare"}};

cxxopts::Options make_options() {
  cxxopts::Options options(kAbout.program, kAbout.summary);
  auto add = options.add_options();
  add("recipe", "The recipe (JSON with comments); paths in it are relative to it", cxxopts::value<std::string>(), "FILE");
  add("run", "Folder of the run: configuration, log, checkpoints", cxxopts::value<std::string>(), "DIR");
  add("init", "Start from the weights, the model section and the tokenisers of a run or a checkpoint (train.initial_checkpoint)",
      cxxopts::value<std::string>(), "DIR");
  add("resume", "Resume the run in --run with its own configuration");
  add("override", "With --resume: the recipe and --set win over the run's configuration");
  add("set", "Change a field of the recipe; may be repeated: model.dim=256, data.train.source=FILE (relative to the working folder)",
      cxxopts::value<Strings>(), "KEY=VALUE");
  add("max-time", "Stop after this much training time in total, including the time before a resume: 90s, 50m, 1h30m",
      cxxopts::value<std::string>(), "TIME");
  add("threads", "CPU threads (default: all cores)", cxxopts::value<std::string>(), "N");
  add_device_option(add);
  add("print-config", "Print the effective configuration and exit");
  add("list-models", "List the model families with their presets and exit");
  add("fields",
      "List the fields of a recipe with default, accepted values and meaning, and exit: those of a model family, or data, or train",
      cxxopts::value<std::string>(), "FAMILY");
  add("show", "Print how the run in --run went and exit (several runs in a table: attnzoo-train show RUN RUN ...)");
  add("quiet", "Print errors only");
  add("verbose", "Also print how much of the machine's speed training reached");
  add("report-every", "Steps between report lines (train.report_every)", cxxopts::value<std::string>(), "N");
  add("log-format", "text, or json: the lines of log.jsonl on standard output (exit status 1 if it cannot be written)",
      cxxopts::value<std::string>()->default_value("text"), "FORMAT");
  options.parse_positional({"recipe"});
  return options;
}

Strings settings_of(const cxxopts::ParseResult& flags) {
  auto settings = flags.count("set") > 0 ? flags["set"].as<Strings>() : Strings{};
  if (flags.count("init") > 0) settings.push_back(string_setting("train.initial_checkpoint", flags["init"].as<std::string>()));
  if (flags.count("max-time") > 0) settings.push_back(string_setting("train.max_time", flags["max-time"].as<std::string>()));
  OptionReader options(flags);
  if (options.given("report-every"))
    settings.push_back(fmt::format("train.report_every={}", options.integer("report-every", {1, 1'000'000'000})));
  options.finish();
  return settings;
}

// The recipe. Where it starts from a checkpoint, that is read into `initial` and gives model and tokenisers. `saved`: the configuration of
// the run to resume, which has started already.
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
  } else if (const auto name = named(fields); saved == nullptr && !name.empty()) {
    const auto directory = find_checkpoint((folder / name).lexically_normal());
    initial = load_checkpoint(directory, false);
    inherit_model(fields, initial.config, directory.string());
    describe_tokenizers(fields, initial.tokenizers);
    fields[key] = directory.string();
  }
  return TrainingRecipe::from_json(fields, folder);
}

// A run's configuration with the --set flags of the command line over it.
TrainingRecipe recipe_of_run(const cxxopts::ParseResult& flags, const nlohmann::json& saved) {
  auto changed = saved;
  changed["model"] = complete_model_config(saved.value("model", nlohmann::json::object()));
  for (const std::string& setting : settings_of(flags)) {
    auto alone = nlohmann::json::object();
    apply_setting(alone, setting, TrainConfig::path_fields());
    if (setting.starts_with("model.") && alone["model"].is_object()) {
      auto fields = alone["model"];
      // The run's section has every field, so a preset must be written out to be compared with it.
      if (fields.contains("preset"))
        fields = complete_model_config({{"family", changed["model"].value("family", nlohmann::json())}, {"preset", fields["preset"]}});
      lay_over(changed["model"], fields);
    } else {
      apply_setting(changed, setting, TrainConfig::path_fields());
    }
  }
  return TrainingRecipe::from_json(changed, fs::current_path());
}

// The configuration to resume with: the run's, with what recipe and --set change as far as resuming can take it (train/resume_policy.h).
TrainingRecipe recipe_for_resume(const cxxopts::ParseResult& flags, const nlohmann::json& saved, Progress& progress) {
  const auto before = TrainingRecipe::from_json(saved, fs::current_path());
  CheckpointContents unused;
  auto wanted = flags.count("recipe") > 0 ? recipe_from_file(flags, unused, &saved) : recipe_of_run(flags, saved);
  // Runs of earlier versions name the metric and the warm-up that "auto" stands for.
  if (wanted.train.schedule.warmup_steps == kAutoWarmup) wanted.train.schedule.warmup_steps = before.train.schedule.warmup_steps;
  for (auto& [now, then] : {std::pair<std::string&, const std::string&>{wanted.train.best_metric, before.train.best_metric},
                            {wanted.train.early_stopping.metric, before.train.early_stopping.metric}})
    if (now == kAutoMetric) now = then;
  const auto differences = config_differences(before.to_json(), wanted.to_json());
  check_resumable(flags["run"].as<std::string>(), differences, flags.count("override") > 0);
  for (const auto& difference : differences)
    if (difference.policy == OnResume::kWithOverride) progress.line("override: " + difference.text());
  return wanted;
}

// Whether the user names the folder that data is prepared in, with --set or in the recipe on the command line.
bool names_cache(const cxxopts::ParseResult& flags, const TrainingRecipe& recipe) {
  for (const std::string& setting : settings_of(flags))
    if (setting.starts_with("data.cache=")) return true;
  if (flags.count("recipe") == 0) return false;
  const fs::path file = flags["recipe"].as<std::string>();
  const auto fields = read_recipe(file, settings_of(flags));
  const auto data = fields.value("data", nlohmann::json::object());
  return data.is_object() && data.contains("cache") &&
         DataConfig::from_json({{"cache", data["cache"]}}, fs::absolute(file).parent_path()).cache == recipe.data.cache;
}

// The lines of log.jsonl on standard output. Once that cannot be written, training continues without them.
class JsonReports {
 public:
  void print(const nlohmann::json& entry) {
    if (broken_) return;
    const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (write_to_descriptor(STDOUT_FILENO, line)) return;
    broken_ = true;
    print_message(fmt::format("attnzoo-train: standard output cannot be written: {}; training continues without reports there",
                              std::strerror(errno)));
  }
  bool broken() const { return broken_; }

 private:
  bool broken_ = false;
};

// What to do with the run, one command per line.
std::string next_lines(const fs::path& run, const TrainingRecipe& recipe, const TrainResult& result) {
  auto commands = next_commands(run, recipe.task, recipe.data, result.options_to_go_on);
  commands.insert(commands.begin() + 2, {"look at it", shell_quoted((run / "report.html").string())});
  size_t width = 0;
  for (const auto& [what, command] : commands) width = std::max(width, what.size() + 1);
  std::string text;
  for (const auto& [what, command] : commands)
    text += fmt::format("{}{:{}} {}", text.empty() ? "next, " : "\n      ", what + ":", width, command);
  return text;
}

// The command that resumes the run, ready to paste.
std::string resume_command(const cxxopts::ParseResult& flags) {
  std::string command = "attnzoo-train --run " + shell_quoted(flags["run"].as<std::string>()) + " --resume";
  for (const char* option : {"threads", "device"})
    if (flags.count(option) > 0) command += fmt::format(" --{} {}", option, shell_quoted(flags[option].as<std::string>()));
  return command;
}

int train(const cxxopts::ParseResult& flags) {
  if (flags.count("run") == 0) throw UsageError("--run DIR is needed: the folder to write checkpoints and the log to");
  bound_waiting();
  StopSignal stop;
  const bool resuming = flags.count("resume") > 0, quiet = flags.count("quiet") > 0;
  if (resuming && flags.count("init") > 0)
    throw UsageError("--init starts a run and --resume continues one; omit --init, the run remembers it");
  const RunFolder run{flags["run"].as<std::string>()};
  Progress progress;
  TrainerOptions options;
  options.device = device_option(flags);
  if (!quiet) options.progress = &progress;
  JsonReports reports;
  if (flags["log-format"].as<std::string>() == "json") options.on_entry = [&](const nlohmann::json& entry) { reports.print(entry); };
  options.measure_matmul_rate = flags.count("verbose") > 0;

  CheckpointContents contents;  // to resume or to start from
  TrainingRecipe recipe;
  std::string where;
  if (resuming && !fs::is_directory(run.path())) run.last();  // says so before the lock makes a folder
  std::unique_ptr<const FolderLock> lock;
  if (resuming) {
    lock = run.lock();
    restore_checkpoint_links(run.path());
    std::string note;
    where = run.last(&note).string();
    if (!note.empty() && !quiet) progress.line(note);
    contents = load_checkpoint(where);
    recipe = recipe_for_resume(flags, contents.config, progress);
    check_cache_of_run(recipe.data, run.path(), names_cache(flags, recipe));
    check_text_of_run(recipe.data, run.path());
  } else {
    recipe = recipe_from_file(flags, contents);
    where = recipe.train.initial_checkpoint;
    refuse_input_as_output("--run", run.path() / "config.json", {flags["recipe"].as<std::string>()});
    lock = run.lock();
    run.create();
  }
  const auto* initial = resuming || where.empty() ? nullptr : &contents;
  const auto trainer = make_trainer(recipe, run, options, resuming ? &contents : nullptr, where, initial);
  if (has_outside_cache(recipe.data, run.path())) remember_run(recipe.data.cache, run.path());
  contents = {};
  run.write_config(recipe.to_json());
  trainer->set_stop(&stop.requested());
  stop.ask_first();
  const TrainResult result = trainer->run();
  if (!quiet && result.did_nothing && !result.stopped)
    progress.line(fmt::format("nothing was left to do: {}; to train longer, move that limit, for example with {}", result.reason,
                              result.options_to_go_on));
  if (!quiet) progress.line(result.stopped ? "to resume: " + resume_command(flags) : next_lines(run.path(), recipe, result));
  return result.stopped ? stop.exit_status() : reports.broken() ? 1 : 0;
}

int body(int argc, char** argv) {
  auto options = make_options();
  cxxopts::ParseResult flags;
  if (!parse_command_line(kAbout, options, argc, argv, flags)) return 0;
  apply_threads_option(flags);
  const auto format = flags["log-format"].as<std::string>();
  if (format != "text" && format != "json") throw UsageError(fmt::format("--log-format: '{}' is unknown; use text or json", format));
  if (flags.count("list-models") > 0) {
    print_output(list_models());
    return 0;
  }
  if (flags.count("fields") > 0) {
    print_output(field_list_text(recipe_field_list(flags["fields"].as<std::string>()), 100));
    return 0;
  }
  if (flags.count("print-config") > 0) {
    CheckpointContents unused;
    device_option(flags);
    const bool of_run = flags.count("recipe") == 0 && flags.count("run") > 0;
    const auto recipe = of_run ? recipe_of_run(flags, read_json(fs::path(flags["run"].as<std::string>()) / "config.json"))
                               : recipe_from_file(flags, unused);
    print_output(recipe.to_json().dump(2) + "\n");
    return 0;
  }
  if (flags.count("show") > 0) {
    if (flags.count("run") == 0) throw UsageError("--show needs --run DIR; several runs: attnzoo-train show RUN RUN");
    for (const char* other : {"resume", "override", "set", "init", "recipe", "max-time"})
      if (flags.count(other) > 0)
        throw UsageError(fmt::format("--show prints how a run went and trains nothing; omit {}{}",
                                     other == std::string("recipe") ? "the " : "--", other));
    print_output(run_summary({history_with_warning(flags["run"].as<std::string>())}));
    return 0;
  }
  return train(flags);
}

}  // namespace
}  // namespace attnzoo

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "compare") return attnzoo::run_program("attnzoo-train compare", [&] { return attnzoo::compare_runs(argc - 1, argv + 1); });
  if (command == "show") return attnzoo::run_program("attnzoo-train show", [&] { return attnzoo::show_runs(argc - 1, argv + 1); });
  return attnzoo::run_program("attnzoo-train", [&] { return attnzoo::body(argc, argv); });
}
