#include "data/command_line.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

struct KnownOption {
  bool takes_value = false;
};

// cxxopts 3.1 keeps a list of long names, older ones a single name.
[[maybe_unused]] void add_long_names(std::vector<std::string>& names, const std::string& name) { names.push_back(name); }
[[maybe_unused]] void add_long_names(std::vector<std::string>& names, const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
}

// Every option as typed: "--beam", "-b".
std::map<std::string, KnownOption> known_options(const cxxopts::Options& options) {
  std::map<std::string, KnownOption> known;
  for (const std::string& group : options.groups()) {
    for (const auto& option : options.group_help(group).options) {
      std::vector<std::string> names;
      add_long_names(names, option.l);
      for (const std::string& name : names) {
        if (!name.empty()) known["--" + name] = {!option.has_implicit};
      }
      if (!option.s.empty()) known["-" + option.s] = {!option.has_implicit};
    }
  }
  return known;
}

[[noreturn]] void fail_unknown(const std::string& typed, const std::map<std::string, KnownOption>& known) {
  std::vector<std::string> names;
  for (const auto& [name, option] : known) {
    if (name.size() > 2) names.push_back(name.substr(2));
  }
  const std::string near = nearest(typed.substr(typed.find_first_not_of('-')), names);
  throw UsageError(fmt::format("unknown option {}{}", typed, near.empty() ? "" : fmt::format("; did you mean --{}?", near)));
}

// What cxxopts says less well, or does not notice: unknown names, missing values, an option taken for the value of another.
// Returns the values with the option each belongs to.
std::multimap<std::string, std::string> check_arguments(const cxxopts::Options& options, int argc, char** argv) {
  const auto known = known_options(options);
  std::multimap<std::string, std::string> option_of_value;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--") break;
    if (argument.size() < 2 || argument[0] != '-') continue;
    const bool is_long = argument.rfind("--", 0) == 0;
    const size_t equals = is_long ? argument.find('=') : std::string::npos;
    const std::string name = is_long ? argument.substr(0, equals) : argument.substr(0, 2);
    const auto option = known.find(name);
    if (option == known.end()) fail_unknown(is_long ? name : argument, known);
    if (!option->second.takes_value) continue;
    if (equals != std::string::npos) {
      option_of_value.emplace(argument.substr(equals + 1), name);
    } else if (!is_long && argument.size() > 2) {
      option_of_value.emplace(argument.substr(2), name);
    } else {
      if (i + 1 >= argc) throw UsageError(fmt::format("{} needs a value", name));
      const std::string value = argv[++i];
      if (value.size() > 1 && value[0] == '-' && known.count(value.substr(0, value.find('='))) > 0)
        throw UsageError(fmt::format("{} needs a value; what follows is the option {}", name, value));
      option_of_value.emplace(value, name);
    }
  }
  return option_of_value;
}

// cxxopts names the value it could not read, not the option that it stands behind.
[[noreturn]] void fail_value(const std::string& reason, const std::multimap<std::string, std::string>& option_of_value) {
  for (const auto& [value, option] : option_of_value) {
    char* end = nullptr;
    std::strtod(value.c_str(), &end);
    const bool number = !value.empty() && *end == '\0';
    if (reason != value && reason.find("\xE2\x80\x98" + value + "\xE2\x80\x99") == std::string::npos &&
        reason.find("'" + value + "'") == std::string::npos)
      continue;
    throw UsageError(fmt::format("{}: '{}' is not {}", option, value, number ? "a whole number in range" : "a number"));
  }
  throw UsageError(reason);
}

std::string help_text(const CommandLine& about, const cxxopts::Options& options) {
  std::string text = options.help();
  text.erase(0, text.find_first_not_of('\n'));
  const size_t usage = text.find("\nUsage:");
  if (usage != std::string::npos && usage > 0 && text[usage - 1] != '\n') text.insert(usage, "\n");
  if (!about.examples.empty()) text += "\nExamples:\n";
  for (const std::string& example : about.examples) text += "  " + example + "\n";
  return text;
}

}  // namespace

bool parse_command_line(const CommandLine& about, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& result) {
  options.add_options()("h,help", "Show this help and exit")("version", "Show the versions in use and exit");
  options.custom_help(about.usage);
  options.positional_help("");
  options.set_width(110);
  const auto option_of_value = check_arguments(options, argc, argv);
  try {
    result = options.parse(argc, argv);
  } catch (const std::exception& error) {
    fail_value(error.what(), option_of_value);
  }
  if (result.count("help") > 0) {
    std::cout << help_text(about, options);
    return false;
  }
  if (result.count("version") > 0) {
    std::cout << version_text(about.program);
    return false;
  }
  if (!result.unmatched().empty()) throw UsageError(fmt::format("unexpected argument '{}'", result.unmatched().front()));
  return true;
}

int run_program(const std::string& program, const std::function<int()>& body) {
  // Some parents (Python, systemd) start programs with SIGPIPE ignored; `| head` must still end us silently.
  std::signal(SIGPIPE, SIG_DFL);
  int status = 1;
  try {
    status = body();
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\nSee: {} --help\n", program, error.what(), program);
    status = 2;
  } catch (const c10::Error& error) {
    fmt::print(stderr, "{}: error: {}\n", program, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: error: out of memory\n", program);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: error: {}\n", program, error.what());
  }
  errno = 0;
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout.good();
  if (!written && status == 0) {
    fmt::print(stderr, "{}: error: standard output cannot be written{}\n", program,
               errno == 0 ? "" : fmt::format(": {}", std::strerror(errno)));
    status = 1;
  }
  return status;
}

std::string version_text(const std::string& program) {
  return fmt::format("{} (attnzoo {})\nLibTorch {}, CPU capability {}, {} threads, CUDA {}\n", program, ATTNZOO_VERSION, TORCH_VERSION,
                     at::get_cpu_capability(), at::get_num_threads(), torch::cuda::is_available() ? "yes" : "no");
}

}  // namespace attnzoo
