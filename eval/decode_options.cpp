#include "eval/decode_options.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <torch/cuda.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "data/error.h"
#include "data/file_list.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

torch::Device parse_device(const std::string& name) {
  constexpr const char* kAccepted = "accepted: cpu, cuda, cuda:N";
  try {
    const torch::Device device(name);
    if (device.is_cuda() && !torch::cuda::is_available())
      throw UsageError(fmt::format("--device {}: this machine or this LibTorch has no CUDA; use --device cpu", name));
    if (device.is_cuda() && device.has_index() && device.index() >= static_cast<int>(torch::cuda::device_count()))
      throw UsageError(fmt::format("--device {}: there are {} CUDA devices, counted from 0", name, torch::cuda::device_count()));
    if (device.is_cpu() || device.is_cuda()) return device;
  } catch (const c10::Error&) {
  }
  throw UsageError(fmt::format("--device: unknown device '{}'; {}", name, kAccepted));
}

// SearchOptions speak of themselves as in a recipe (length_penalty); the command line has --length-penalty.
std::string as_option(std::string problem) {
  const size_t end = std::min(problem.find(' '), problem.size());
  std::replace(problem.begin(), problem.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return "--" + (problem.rfind("num-threads", 0) == 0 ? problem.substr(4) : problem);
}

std::atomic<bool>* interrupt_flag = nullptr;
int null_device = -1;

void on_interrupt(int signal_number) {
  // Only what POSIX allows in a handler. A read that waits on standard input is restarted on the null device and so meets its end.
  interrupt_flag->store(true);
  if (null_device >= 0) dup2(null_device, STDIN_FILENO);
  std::signal(signal_number, SIG_DFL);
}

}  // namespace

void add_model_options(cxxopts::Options& options) {
  auto model_options = options.add_options("Model");
  model_options("run", "Run folder of attnzoo-train, or one checkpoint directory", cxxopts::value<std::string>(), "DIR");
  model_options("checkpoint", "Checkpoint of the run: best, last, step-000400 (default: best)", cxxopts::value<std::string>(), "NAME");
}

void add_decode_options(cxxopts::Options& options) {
  const SearchOptions search;
  const TranslateOptions translate;
  const auto integer = [](int64_t value) { return cxxopts::value<int64_t>()->default_value(std::to_string(value)); };
  const auto real = [](double value) { return cxxopts::value<double>()->default_value(fmt::format("{}", value)); };
  add_model_options(options);
  auto search_options = options.add_options("Search");
  search_options("beam", "Hypotheses kept alive a sentence; 1 is greedy", integer(search.beam), "N");
  search_options("n-best", "Translations a sentence, best first; at most --beam", integer(search.n_best), "N");
  search_options("length-penalty", "Exponent a of score = log p / ((5 + length) / 6)^a; 0 for none", real(search.length_penalty), "A");
  search_options("min-length", "Least target tokens", integer(search.min_length), "N");
  search_options("max-length", "Most target tokens; a longer translation is cut and counted", integer(search.max_length), "N");
  search_options("max-length-ratio", "Most target tokens a source token, 10 are added", real(search.max_length_ratio), "R");
  search_options("no-repeat-ngram", "No N tokens in a row occur twice; 0 for no such rule", integer(search.no_repeat_ngram), "N");
  search_options("patience", "Search until patience * beam hypotheses have ended; 1e9: until none can win", real(search.patience), "P");
  auto sampling_options = options.add_options("Sampling");
  sampling_options("sample", "Draw at random instead of searching; --n-best samples a line");
  sampling_options("temperature", "Below 1 likely tokens become likelier", real(search.sampling.temperature), "T");
  sampling_options("top-k", "Only the K likeliest tokens; 0 for all", integer(search.sampling.top_k), "K");
  sampling_options("top-p", "Only the likeliest tokens that together have probability P", real(search.sampling.top_p), "P");
  sampling_options("seed", "The same seed draws the same for the same line", integer(search.seed), "N");
  auto running_options = options.add_options("Running");
  running_options("batch-size", "Sentences a batch; the output does not depend on it", integer(translate.batch_size), "N");
  running_options("threads", "Workers (default: one a core)", cxxopts::value<int64_t>(), "N");
  running_options("max-source-tokens", "A longer source is cut to it and counted", integer(translate.max_source_tokens), "N");
  running_options("device", "cpu, cuda or cuda:N", cxxopts::value<std::string>()->default_value("cpu"), "DEVICE");
}

TranslateOptions decode_options(const cxxopts::ParseResult& arguments) {
  TranslateOptions options;
  auto& search = options.search;
  search.beam = arguments["beam"].as<int64_t>();
  search.n_best = arguments["n-best"].as<int64_t>();
  search.length_penalty = arguments["length-penalty"].as<double>();
  search.min_length = arguments["min-length"].as<int64_t>();
  search.max_length = arguments["max-length"].as<int64_t>();
  search.max_length_ratio = arguments["max-length-ratio"].as<double>();
  search.no_repeat_ngram = arguments["no-repeat-ngram"].as<int64_t>();
  search.patience = arguments["patience"].as<double>();
  search.sample = arguments.count("sample") > 0;
  search.sampling.temperature = arguments["temperature"].as<double>();
  search.sampling.top_k = arguments["top-k"].as<int64_t>();
  search.sampling.top_p = arguments["top-p"].as<double>();
  search.seed = arguments["seed"].as<int64_t>();
  for (const char* option : {"temperature", "top-k", "top-p", "seed"})
    if (arguments.count(option) > 0 && !search.sample) throw UsageError(fmt::format("--{} is for sampling; add --sample", option));
  options.batch_size = arguments["batch-size"].as<int64_t>();
  options.num_threads = arguments.count("threads") > 0 ? arguments["threads"].as<int64_t>() : at::get_num_threads();
  options.max_source_tokens = arguments["max-source-tokens"].as<int64_t>();
  if (auto problems = options.problems(); !problems.empty()) {
    std::transform(problems.begin(), problems.end(), problems.begin(), as_option);
    throw UsageError(fmt::format("{}", fmt::join(problems, "; ")));
  }
  options.device = parse_device(arguments["device"].as<std::string>());
  return options;
}

std::filesystem::path chosen_checkpoint(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") == 0) throw UsageError("--run is needed: the folder that attnzoo-train wrote");
  const std::filesystem::path run = arguments["run"].as<std::string>();
  if (arguments.count("checkpoint") == 0) {
    std::string note;
    const auto found = find_checkpoint(run, &note);
    if (!note.empty()) std::fputs((note + "\n").c_str(), stderr);
    return found;
  }
  const auto name = arguments["checkpoint"].as<std::string>();
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
                        near.empty() ? "" : fmt::format(", did you mean '{}'?", near), fmt::join(names, ", "));
}

std::vector<std::filesystem::path> model_files(const std::filesystem::path& checkpoint) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names_in(checkpoint)) files.push_back(checkpoint / name);
  const auto folder = checkpoint.parent_path();
  if (folder.filename() == "checkpoints")
    for (const char* name : {"config.json", "log.jsonl"}) files.push_back(folder.parent_path() / name);
  return files;
}

void stop_at_interrupt(std::atomic<bool>& stop) {
  interrupt_flag = &stop;
  null_device = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;  // writes go on; the flag ends the program
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace attnzoo
