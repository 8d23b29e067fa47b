#include "train/run_commands.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "data/command_line.h"
#include "data/error.h"
#include "data/files.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "eval/decode_options.h"
#include "train/run_history.h"
#include "train/run_report.h"
#include "train/run_summary.h"

namespace attnzoo {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

const CommandLine kAboutCompare = {"attnzoo-train compare",
                                   "Lays runs over one another: curves, final values, where their recipes differ.",
                                   "RUN RUN ... --out FILE.html",
                                   {"attnzoo-train compare runs/lstm runs/transformer --out compare.html"}};

const CommandLine kAboutShow = {"attnzoo-train show",
                                "Prints how runs went: for one its scores and where the time went, for several a table.",
                                "RUN ...",
                                {"attnzoo-train show runs/lstm", "attnzoo-train show runs/*"}};

// The command line of a command about runs; false when it has been answered (--help).
bool parse_runs(const CommandLine& about, size_t least, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& flags) {
  options.add_options()("run", "Folders of runs, with or without --run", cxxopts::value<Strings>(), "RUN");
  options.parse_positional({"run"});
  if (!parse_command_line(about, options, argc, argv, flags)) return false;
  if (flags.count("run") < least) throw UsageError(fmt::format("give the folders of {} or more runs", least == 1 ? "one" : "two"));
  return true;
}

}  // namespace

nlohmann::json history_with_warning(const fs::path& run) {
  std::string damage;
  auto history = run_history(run, &damage);
  if (!damage.empty()) print_message(damage);
  return history;
}

int show_runs(int argc, char** argv) {
  cxxopts::Options options(kAboutShow.program, kAboutShow.summary);
  cxxopts::ParseResult flags;
  if (!parse_runs(kAboutShow, 1, options, argc, argv, flags)) return 0;
  const auto names = flags["run"].as<Strings>();
  std::vector<nlohmann::json> histories;
  for (const auto& name : names) {
    try {
      histories.push_back(history_with_warning(name));
    } catch (const DataError& error) {
      // Of several, as a shell finds them for runs/*, those that are none are named and passed over.
      if (names.size() == 1) throw;
      print_message(fmt::format("{}; passed over", error.what()));
    }
  }
  if (histories.empty()) fail<DataError>("none of these {} is a run; give folders that attnzoo-train wrote", names.size());
  print_output(run_summary(histories));
  return 0;
}

int compare_runs(int argc, char** argv) {
  cxxopts::Options options(kAboutCompare.program, kAboutCompare.summary);
  options.add_options()("out", "The page to write; FILE.json: its data", cxxopts::value<std::string>(), "FILE");
  cxxopts::ParseResult flags;
  if (!parse_runs(kAboutCompare, 2, options, argc, argv, flags)) return 0;
  const auto out = output_file_option(flags, "out");
  if (out.empty()) throw UsageError("--out FILE.html is needed: the page to write");
  const auto runs = flags["run"].as<Strings>();
  std::vector<fs::path> inputs;
  for (const auto& run : runs)
    for (auto& file : run_files(run)) inputs.push_back(std::move(file));
  refuse_input_as_output("--out", out, inputs);
  std::vector<nlohmann::json> histories;
  for (const auto& run : runs) histories.push_back(history_with_warning(run));
  write_file(out, page_of_runs(out, histories));
  print_message(fmt::format("{}: written, with {} runs", out.string(), histories.size()));
  return 0;
}

}  // namespace attnzoo
