// attnzoo-data: imports parallel text, prepares it for training, shows what a model will see of it.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/bounded_waiting.h"
#include "data/cache_folder.h"
#include "data/command_line.h"
#include "data/error.h"
#include "data/files.h"
#include "data/importers/debian_descriptions.h"
#include "data/importers/gettext.h"
#include "data/importers/multi30k.h"
#include "data/inspect.h"
#include "data/inspection_report.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/prepare.h"
#include "data/progress.h"
#include "data/recipe.h"
#include "data/recipe_fields.h"
#include "data/stop_signal.h"

namespace attnzoo {
namespace {

using Strings = std::vector<std::string>;

Strings data_keys() { return dotted_keys({{"data", complete_data_section()}}); }

const char* const kOverview =
    "Imports parallel text, prepares it for training, and shows what a model will see of it.\n"
    "\n"
    "Usage:\n"
    "  attnzoo-data COMMAND ...\n"
    "\n"
    "Commands:\n"
    "  import debian-descriptions   Debian package descriptions: translations, summaries, or archive sections\n"
    "  import gettext               the translated messages of programs installed on this machine\n"
    "  import multi30k              the Multi30k dataset (image captions), from a copy of its repository\n"
    "  prepare RECIPE.json          learn the tokeniser and write the corpora that training reads\n"
    "  inspect RECIPE.json          counts, lengths, coverage, and samples of what a model will see\n"
    "\n"
    "Examples:\n"
    "  attnzoo-data import debian-descriptions --languages en,de --out debian\n"
    "  attnzoo-data prepare recipe.json\n"
    "  attnzoo-data COMMAND --help\n";

cxxopts::Options recipe_options(const CommandLine& about) {
  cxxopts::Options options(about.program, about.summary);
  options.add_options()("recipe", "The recipe (JSON with comments); paths in it are relative to it", cxxopts::value<std::string>(), "FILE")(
      "cache", "Folder of the prepared files (default: data.cache of the recipe, else prepared/NAME beside it)",
      cxxopts::value<std::string>(),
      "DIR")("set", "Change a field of the recipe; may be repeated: data.train.source=FILE (relative to the working folder)",
             cxxopts::value<Strings>(), "KEY=VALUE")(
      "invalid-utf8", "How to treat bytes that are not UTF-8: error, replace or drop (the pair)", cxxopts::value<std::string>(), "POLICY")(
      "threads", "Threads that tokenise (default: all cores)", cxxopts::value<std::string>(), "N");
  options.parse_positional({"recipe"});
  return options;
}

// What the command line asks to be prepared, and where.
struct Request {
  std::string recipe;
  DataConfig config;
  std::filesystem::path cache;
};

Request request_of(const cxxopts::ParseResult& flags) {
  if (flags.count("recipe") == 0) throw UsageError("a RECIPE.json is needed");
  apply_threads_option(flags);
  const std::filesystem::path file = flags["recipe"].as<std::string>();
  auto settings = flags.count("set") > 0 ? flags["set"].as<Strings>() : Strings{};
  if (flags.count("invalid-utf8") > 0)
    settings.push_back(string_setting("data.clean.invalid_utf8", flags["invalid-utf8"].as<std::string>()));
  const nlohmann::json recipe = read_recipe(file, settings);
  if (!recipe.contains("data")) fail<ConfigError>("{}: has no 'data' section; it names the text to train on", file.string());
  Request request{file.string(), DataConfig::from_json(recipe["data"], file.parent_path(), task_of(recipe)), ""};
  request.cache = flags.count("cache") > 0       ? std::filesystem::path(flags["cache"].as<std::string>())
                  : request.config.cache.empty() ? default_cache(file)
                                                 : std::filesystem::path(request.config.cache);
  return request;
}

PreparedData prepare(const Request& request) {
  Progress progress;
  return prepare_data(request.config, request.cache, {}, [&](const std::string& text) { progress.line(text); }, &progress);
}

int run_prepare(int argc, char** argv) {
  const CommandLine about = {"attnzoo-data prepare",
                             "Learns the tokeniser and writes the corpora that training reads. Files that are still up to date are kept.",
                             "RECIPE.json [--cache DIR] [--set KEY=VALUE ...]",
                             {"attnzoo-data prepare recipe.json",
                              "attnzoo-data prepare recipe.json --set data.tokenizer.vocabulary_size=16000 --cache /tmp/prepared",
                              "zcat all.tsv.gz | attnzoo-data prepare recipe.json --set 'data.train={\"tsv\": \"-\"}'"},
                             data_keys};
  cxxopts::Options options = recipe_options(about);
  cxxopts::ParseResult flags;
  if (!parse_command_line(about, options, argc, argv, flags)) return 0;
  bound_waiting();
  const auto request = request_of(flags);
  const auto data = prepare(request);
  const std::string item = item_of(request.config.task);
  print_output(fmt::format("{}: {}{}{}\n", request.cache.string(), counted(data.train->num_pairs(), "training " + item),
                           data.valid ? " and " + counted(data.valid->num_pairs(), "validation " + item) : "",
                           data.reused ? ", all reused" : ""));
  return 0;
}

int run_inspect(int argc, char** argv) {
  const CommandLine about = {"attnzoo-data inspect",
                             "Prepares the data of a recipe if necessary, and shows counts, token lengths, coverage and samples.",
                             "RECIPE.json [--samples N] [--report FILE.html] [--cache DIR] [--set KEY=VALUE ...]",
                             {"attnzoo-data inspect recipe.json", "attnzoo-data inspect recipe.json --samples 20 | less",
                              "attnzoo-data inspect recipe.json --report data.html        # a page to look at, with examples"},
                             data_keys};
  cxxopts::Options options = recipe_options(about);
  options.add_options()("samples", "Pairs to show as the pieces that the model will see", cxxopts::value<std::string>()->default_value("3"),
                        "N")(
      "report", "Write a page for a browser: also what the cleaning dropped, likely misaligned pairs, frequent pieces; FILE.json: its data",
      cxxopts::value<std::string>(), "FILE.html");
  cxxopts::ParseResult flags;
  if (!parse_command_line(about, options, argc, argv, flags)) return 0;
  OptionReader numbers(flags);
  const int64_t num_samples = numbers.integer("samples", {0, 1'000'000});
  numbers.finish();
  const auto request = request_of(flags);
  const auto page = output_file_option(flags, "report");
  std::optional<AtomicFile> report;
  if (!page.empty()) {
    std::vector<std::filesystem::path> inputs = {request.recipe};
    for (const auto* text : {&request.config.train, &request.config.valid})
      for (const auto& input : text->files()) inputs.emplace_back(input);
    for (const char* file : kCacheFiles) inputs.push_back(request.cache / file);
    refuse_input_as_output("--report", page, inputs);
    report.emplace(page);  // a place that cannot be written is known before the work
  }
  const auto data = prepare(request);
  const auto inspection = inspect_data(data, request.config, num_samples);
  if (report) {
    Progress progress;
    const auto name = std::filesystem::path(request.recipe).filename().string();
    report->write(inspection_content(page, inspection_report(inspection, data, request.config, name, &progress)));
    report->commit();
  }
  print_output(inspection_text(inspection, data, request.config));
  return 0;
}

void add_output_options(cxxopts::Options& options) {
  options.add_options()("languages", "Source and target language", cxxopts::value<std::string>()->default_value("en,de"), "SOURCE,TARGET")(
      "out", "Folder to write train.*, valid.* and test.* into; created if missing", cxxopts::value<std::string>(), "DIR")(
      "from", "Read the originals from this folder instead of the usual places", cxxopts::value<std::string>(), "DIR")(
      "held-out", "Share of the distinct sources in each of valid and test", cxxopts::value<std::string>()->default_value("0.01"), "SHARE")(
      "max-held-out", "Maximum number of lines in each of valid and test", cxxopts::value<std::string>()->default_value("2000"), "N");
}

ParallelOutput output_of(const cxxopts::ParseResult& flags) {
  if (flags.count("out") == 0) throw UsageError("--out DIR is needed");
  ParallelOutput output;
  output.folder = flags["out"].as<std::string>();
  OptionReader numbers(flags);
  output.held_out = numbers.real("held-out", {0, 0.499});
  output.max_held_out = numbers.integer("max-held-out", {0, 1'000'000'000});
  numbers.finish();
  return output;
}

int run_import_debian(int argc, char** argv) {
  const CommandLine about = {"attnzoo-data import debian-descriptions",
                             "Imports Debian's package descriptions and their translations, paragraph by paragraph; or with --summarise\n"
                             "pairs of a long description and its title; or with --sections pairs of a description and the section of the\n"
                             "archive that it belongs to, labelled text for a classifier.",
                             "--out DIR [--languages en,de | --summarise en | --sections en] [--from DIR]",
                             {"attnzoo-data import debian-descriptions --languages en,de --out debian",
                              "attnzoo-data import debian-descriptions --summarise en --out debian-titles",
                              "attnzoo-data import debian-descriptions --sections en --out debian-sections",
                              "attnzoo-data import debian-descriptions --languages en,fr --from /var/lib/apt/lists --out debian-fr"}};
  cxxopts::Options options(about.program, about.summary);
  add_output_options(options);
  options.add_options()("summarise", "Long description to title, in this language", cxxopts::value<std::string>(), "LANGUAGE")(
      "sections", "Title and long description, in this language, to the package's section", cxxopts::value<std::string>(), "LANGUAGE")(
      "min-texts", "Omit sections with fewer texts (with --sections)", cxxopts::value<std::string>()->default_value("100"), "N")(
      "timeout", "Abandon a download after this many seconds", cxxopts::value<std::string>()->default_value("300"), "SECONDS");
  cxxopts::ParseResult flags;
  if (!parse_command_line(about, options, argc, argv, flags)) return 0;
  if (flags.count("summarise") + flags.count("sections") + flags.count("languages") > 1)
    throw UsageError("--languages, --summarise and --sections exclude each other; give one of them");
  if (flags.count("min-texts") > 0 && flags.count("sections") == 0) throw UsageError("--min-texts belongs to --sections");
  DebianImportOptions import;
  import.output = output_of(flags);
  std::tie(import.source_language, import.target_language) = parse_language_pair(flags["languages"].as<std::string>());
  if (flags.count("summarise") > 0) import.summarise = flags["summarise"].as<std::string>();
  if (flags.count("sections") > 0) import.sections = flags["sections"].as<std::string>();
  OptionReader numbers(flags);
  import.min_texts = numbers.integer("min-texts", {0, 1'000'000'000});
  import.timeout_s = numbers.integer("timeout", {1, 1'000'000});
  numbers.finish();
  if (flags.count("from") > 0) import.from = flags["from"].as<std::string>();
  Progress progress;
  print_output(import_debian_descriptions(import, [&](const std::string& text) { progress.line(text); }).text());
  return 0;
}

int run_import_gettext(int argc, char** argv) {
  const CommandLine about = {"attnzoo-data import gettext",
                             "Imports the translated messages of the programs on this machine (installed .mo catalogs).",
                             "--out DIR [--languages en,de] [--from DIR]",
                             {"attnzoo-data import gettext --languages en,de --out messages",
                              "attnzoo-data import gettext --languages fr,de --from /usr/share/locale --out messages-fr"}};
  cxxopts::Options options(about.program, about.summary);
  add_output_options(options);
  cxxopts::ParseResult flags;
  if (!parse_command_line(about, options, argc, argv, flags)) return 0;
  GettextImportOptions import;
  import.output = output_of(flags);
  std::tie(import.source_language, import.target_language) = parse_language_pair(flags["languages"].as<std::string>());
  if (flags.count("from") > 0) import.from = flags["from"].as<std::string>();
  Progress progress;
  print_output(import_gettext(import, [&](const std::string& text) { progress.line(text); }).text());
  return 0;
}

int run_import_multi30k(int argc, char** argv) {
  const CommandLine about = {
      "attnzoo-data import multi30k",
      fmt::format("Imports Multi30k, 29000 image captions with translations, from a copy of its repository, where the recipes\n"
                  "train/recipes/multi30k-*.json read it. Its own training, validation and test sets are kept.\n"
                  "  {}, folder data/task1/raw\n  ({})",
                  kMulti30kAddress, kMulti30kTerms),
      "--from DIR [--languages en,de] [--out DIR]",
      {"attnzoo-data import multi30k --from dataset      # after: git clone https://github.com/multi30k/dataset",
       "attnzoo-data import multi30k --from dataset --languages en,fr --out build/multi30k-fr"}};
  cxxopts::Options options(about.program, about.summary);
  options.add_options()("from", "The repository, or its folder data/task1/raw; files are plain or gzip", cxxopts::value<std::string>(),
                        "DIR")("languages", "Source and target language: two of en, de, fr, cs",
                               cxxopts::value<std::string>()->default_value("en,de"), "SOURCE,TARGET")(
      "out", "Folder to write to; created if missing", cxxopts::value<std::string>()->default_value("build/multi30k"), "DIR");
  cxxopts::ParseResult flags;
  if (!parse_command_line(about, options, argc, argv, flags)) return 0;
  if (flags.count("from") == 0) throw UsageError(fmt::format("--from DIR is needed: a copy of {}", kMulti30kAddress));
  Multi30kImportOptions import;
  std::tie(import.source_language, import.target_language) = parse_language_pair(flags["languages"].as<std::string>());
  import.from = flags["from"].as<std::string>();
  import.out = flags["out"].as<std::string>();
  Progress progress;
  print_output(import_multi30k(import, [&](const std::string& text) { progress.line(text); }).text());
  return 0;
}

using Run = int (*)(int argc, char** argv);

[[noreturn]] void fail_unknown(const char* what, const std::string& typed, const Strings& known) {
  const std::string near = nearest(typed, known);
  throw UsageError(fmt::format("unknown {} {}{}; {}s: {}", what, typed, near.empty() ? "" : fmt::format("; did you mean {}?", near), what,
                               fmt::join(known, ", ")));
}

// The program and its subcommand as typed, for messages; where the subcommand's own arguments begin.
struct Choice {
  std::string name = "attnzoo-data";
  Run run = nullptr;
  int num_words = 0;
};

// Takes the words of the subcommand only; nothing is done yet. No run: help or version is asked for.
Choice choose(const Strings& words) {
  if (words.empty()) throw UsageError("a command is needed: import, prepare or inspect");
  if (words[0] == "prepare") return {"attnzoo-data prepare", run_prepare, 1};
  if (words[0] == "inspect") return {"attnzoo-data inspect", run_inspect, 1};
  if (words[0] == "import") {
    const Strings origins = {"debian-descriptions", "gettext", "multi30k"};
    if (words.size() < 2) throw UsageError(fmt::format("import needs an origin: {}", fmt::join(origins, ", ")));
    if (words[1] == "--help" || words[1] == "-h") return {};
    if (words[1] == origins[0]) return {"attnzoo-data import debian-descriptions", run_import_debian, 2};
    if (words[1] == origins[1]) return {"attnzoo-data import gettext", run_import_gettext, 2};
    if (words[1] == origins[2]) return {"attnzoo-data import multi30k", run_import_multi30k, 2};
    fail_unknown("origin", words[1], origins);
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "--version") return {};
  fail_unknown(words[0][0] == '-' ? "option" : "command", words[0],
               words[0][0] == '-' ? Strings{"--help", "--version"} : Strings{"import", "inspect", "prepare"});
}

}  // namespace
}  // namespace attnzoo

int main(int argc, char** argv) {
  using namespace attnzoo;
  Choice choice;
  const int status = run_program("attnzoo-data", [&] {
    choice = choose({argv + 1, argv + argc});
    if (choice.run == nullptr) std::cout << (std::string(argv[1]) == "--version" ? version_text("attnzoo-data") : std::string(kOverview));
    return 0;
  });
  if (status != 0 || choice.run == nullptr) return status;
  return run_program(choice.name, [&] {
    const StopSignal stop;
    return choice.run(argc - choice.num_words, argv + choice.num_words);
  });
}
