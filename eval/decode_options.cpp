#include "eval/decode_options.h"

#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "data/device_option.h"
#include "data/error.h"
#include "data/file_list.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/progress.h"

namespace attnzoo {
namespace {

// Fields are named as in a struct (n_best, num_threads), options as on the command line.
std::string as_option(std::string problem) {
  const size_t end = std::min(problem.find(':'), problem.size());
  std::replace(problem.begin(), problem.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return "--" + problem;
}

void add_source_limit(cxxopts::OptionAdder& options) {
  options("max-source-tokens", "Longer sources are cut to this length, and their number is reported",
          cxxopts::value<std::string>()->default_value(fmt::format("{}", TranslateOptions().max_source_tokens)), "N");
}

// --compute: how the matrices of a model are kept.
void add_compute_option(cxxopts::OptionAdder& options) {
  options("compute", "Matrix products in float32 or int8; int8 runs on the CPU only and changes the output a little",
          cxxopts::value<std::string>()->default_value("float32"), "TYPE");
}

}  // namespace

void add_model_options(cxxopts::Options& options, Runs runs) {
  auto model_options = options.add_options("Model");
  if (runs == Runs::kOne)
    model_options("run", "Run folder of attnzoo-train, or a single checkpoint directory", cxxopts::value<std::string>(), "DIR");
  else
    model_options("run", "Run folder of attnzoo-train, or a single checkpoint directory; more than one are compared",
                  cxxopts::value<std::vector<std::string>>(), "DIR");
  model_options("checkpoint", "Checkpoint of the run: best, last, or a step such as 400 (default: best)", cxxopts::value<std::string>(),
                "NAME");
}

void add_decode_options(cxxopts::Options& options, Runs runs) {
  const SearchOptions search;
  const TranslateOptions translate;
  // Numbers are read as text and held against their bounds by an OptionReader.
  const auto number = [](auto value) { return cxxopts::value<std::string>()->default_value(fmt::format("{}", value)); };
  add_model_options(options, runs);
  auto search_options = options.add_options("Search");
  search_options("beam", "Hypotheses kept alive per sentence; 1 is greedy", number(search.beam), "N");
  if (runs == Runs::kOne)
    search_options("n-best", "Translations per sentence, or labels per text, best first; widens the default beam, but not a given --beam",
                   number(search.n_best), "N");
  search_options("length-penalty", "Exponent a of score = log p / ((5 + length) / 6)^a; 0 for none", number(search.length_penalty), "A");
  search_options("min-length", "Minimum number of target tokens", number(search.min_length), "N");
  search_options("max-length", "Maximum number of target tokens; longer translations are cut, and their number is reported",
                 number(search.max_length), "N");
  search_options("max-length-ratio", "Maximum number of target tokens: R * source tokens + 10", number(search.max_length_ratio), "R");
  search_options("no-repeat-ngram", "No N tokens in a row occur twice; 0 for no such rule", number(search.no_repeat_ngram), "N");
  search_options("patience", "Search until patience * beam hypotheses, and at least --n-best, have ended; inf: until none can win",
                 number(search.patience), "P");
  auto sampling_options = options.add_options("Sampling");
  sampling_options("sample", "Draw at random instead of searching; --n-best samples per line");
  sampling_options("temperature", "Below 1 likely tokens become likelier", number(search.sampling.temperature), "T");
  sampling_options("top-k", "Only the K likeliest tokens; 0 for all", number(search.sampling.top_k), "K");
  sampling_options("top-p", "Only the likeliest tokens that together have probability P", number(search.sampling.top_p), "P");
  sampling_options("seed", "Seed of --sample; the same seed gives the same samples for the same line and line number", number(search.seed),
                   "N");
  auto running_options = options.add_options("Running");
  running_options("batch-size", "Sentences per batch; the output does not depend on it", number(translate.batch_size), "N");
  running_options("threads", "Workers (default: one per core)", cxxopts::value<std::string>(), "N");
  add_source_limit(running_options);
  add_compute_option(running_options);
  add_device_option(running_options);
}

void add_scoring_options(cxxopts::Options& options) {
  auto running_options = options.add_options("Running");
  running_options("threads", "Threads (default: one per core)", cxxopts::value<std::string>(), "N");
  add_source_limit(running_options);
  add_compute_option(running_options);
  add_device_option(running_options);
}

Compute compute_option(const cxxopts::ParseResult& arguments) {
  const auto& name = arguments["compute"].as<std::string>();
  if (name == "float32") return Compute::kFloat32;
  if (name != "int8") throw UsageError(fmt::format("--compute: unknown type '{}'; accepted: float32, int8", name));
  if (!device_option(arguments).is_cpu()) throw UsageError("--compute int8: runs on the CPU only; omit --device");
  return Compute::kInt8;
}

TranslateOptions scoring_options(const cxxopts::ParseResult& arguments) {
  TranslateOptions options;
  OptionReader reader(arguments);
  options.max_source_tokens = reader.integer("max-source-tokens", TranslateBounds::kSourceTokens);
  reader.finish();
  options.device = device_option(arguments);
  return options;
}

TranslateOptions decode_options(const cxxopts::ParseResult& arguments) {
  TranslateOptions options;
  OptionReader reader(arguments);
  using Bounds = SearchBounds;
  auto& search = options.search;
  search.beam = reader.integer("beam", Bounds::kBeam);
  if (reader.given("n-best")) search.n_best = reader.integer("n-best", Bounds::kBeam);
  if (!reader.given("beam")) search.beam = std::max(search.beam, search.n_best);
  search.length_penalty = reader.real("length-penalty", Bounds::kLengthPenalty);
  search.min_length = reader.integer("min-length", Bounds::kMinLength);
  search.max_length = reader.integer("max-length", Bounds::kLength);
  search.max_length_ratio = reader.real("max-length-ratio", Bounds::kLengthRatio);
  search.no_repeat_ngram = reader.integer("no-repeat-ngram", Bounds::kNgram);
  search.patience = reader.real("patience", Bounds::kPatience);
  search.sample = reader.given("sample");
  search.sampling.temperature = reader.real("temperature", Bounds::kTemperature);
  search.sampling.top_k = reader.integer("top-k", Bounds::kTopK);
  search.sampling.top_p = reader.real("top-p", Bounds::kTopP);
  search.seed = reader.integer("seed", {0, std::numeric_limits<int64_t>::max()});
  options.batch_size = reader.integer("batch-size", TranslateBounds::kBatchSize);
  options.num_threads =
      reader.given("threads") ? reader.integer("threads", kThreadBounds) : std::min<int64_t>(at::get_num_threads(), kThreadBounds.most);
  options.max_source_tokens = reader.integer("max-source-tokens", TranslateBounds::kSourceTokens);
  reader.finish();
  for (const char* option : {"temperature", "top-k", "top-p", "seed"})
    if (reader.given(option) && !search.sample) throw UsageError(fmt::format("--{} is for sampling; add --sample", option));
  // What is left are values that do not fit each other.
  if (auto problems = options.problems(); !problems.empty()) {
    std::transform(problems.begin(), problems.end(), problems.begin(), as_option);
    throw UsageError(fmt::format("{}", fmt::join(problems, "; ")));
  }
  options.device = device_option(arguments);
  return options;
}

namespace {

std::filesystem::path checkpoint_of(const cxxopts::ParseResult& arguments, const std::filesystem::path& run) {
  if (arguments.count("checkpoint") == 0) {
    std::string note;
    const auto found = find_checkpoint(run, &note);
    if (!note.empty()) print_message(note);
    return found;
  }
  auto name = arguments["checkpoint"].as<std::string>();
  // A step is a name, too: 400 is step-000400.
  if (!name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos) name = checkpoint_name(std::stoll(name));
  const auto directory = run / "checkpoints" / name;
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored)) return directory;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(run / "checkpoints", ignored), end; entry != end; entry.increment(ignored)) {
    if (std::filesystem::is_directory(entry->path(), ignored)) names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) fail<CheckpointError>("{}: has no checkpoints; give the folder that attnzoo-train wrote", run.string());
  const std::string near = nearest(name, names);
  fail<CheckpointError>("{}: has no checkpoint '{}'{}; it has: {}", run.string(), name,
                        near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(names, ", "));
}

}  // namespace

std::filesystem::path chosen_checkpoint(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") == 0) throw UsageError("--run is needed: the folder that attnzoo-train wrote");
  return checkpoint_of(arguments, arguments["run"].as<std::string>());
}

std::vector<std::filesystem::path> chosen_checkpoints(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") == 0) throw UsageError("--run is needed: the folder that attnzoo-train wrote");
  std::vector<std::filesystem::path> checkpoints;
  for (const auto& run : arguments["run"].as<std::vector<std::string>>()) checkpoints.push_back(checkpoint_of(arguments, run));
  return checkpoints;
}

std::string unit_of(const Seq2SeqModel& model) { return model.says_label() || !model.reads_source() ? "text" : "sentence"; }

std::string report_text(const TranslateReport& report, const Seq2SeqModel& model) {
  const auto unit = unit_of(model);
  const double seconds = std::max(report.seconds, 1e-9);
  std::string text = fmt::format(
      "{}, {} in {}: {:.1f} {}s/s, {:.0f} tokens/s", counted(report.num_sentences, unit), counted(report.num_target_tokens, "target token"),
      report.seconds < 10 ? fmt::format("{:.2f} s", report.seconds) : short_duration(report.seconds),
      static_cast<double>(report.num_sentences) / seconds, unit, static_cast<double>(report.num_target_tokens) / seconds);
  if (report.num_truncated_targets > 0)
    text +=
        fmt::format("; {} cut at the maximum length", counted(report.num_truncated_targets, model.reads_source() ? "translation" : "text"));
  if (report.num_truncated_sources > 0)
    text += fmt::format("; {} cut to --max-source-tokens", counted(report.num_truncated_sources, "source"));
  return text;
}

std::vector<std::filesystem::path> model_files(const std::filesystem::path& checkpoint) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names_in(checkpoint)) files.push_back(checkpoint / name);
  const auto folder = checkpoint.parent_path();
  if (folder.filename() == "checkpoints")
    for (auto& file : run_files(folder.parent_path())) files.push_back(std::move(file));
  return files;
}

std::vector<std::filesystem::path> run_files(const std::filesystem::path& run) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files = {run / "config.json", run / "log.jsonl"};
  std::error_code ignored;
  for (const char* folder : {"checkpoints", "prepared"})
    for (fs::recursive_directory_iterator entry(run / folder, ignored), end; entry != end; entry.increment(ignored))
      if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  return files;
}

}  // namespace attnzoo
