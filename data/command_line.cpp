#include "data/command_line.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <pthread.h>
#include <torch/cuda.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/printable.h"
#include "data/recipe_fields.h"

namespace attnzoo {
namespace {

struct KnownOption {
  bool takes_value = false, takes_many = false;
  std::string canonical;  // "--beam" for "-b" as well
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
      const std::string canonical = names.empty() || names.front().empty() ? "-" + option.s : "--" + names.front();
      for (const std::string& name : names)
        if (!name.empty()) known["--" + name] = {!option.has_implicit, option.is_container, canonical};
      if (!option.s.empty()) known["-" + option.s] = {!option.has_implicit, option.is_container, canonical};
    }
  }
  return known;
}

// "--set train.max_steps=100 or --set ...", empty where the recipe has no such field.
std::string set_instead(const std::vector<std::string>& fields, const std::string& value) {
  constexpr size_t kMostShown = 3;
  std::vector<std::string> settings;
  for (const std::string& field : fields) {
    if (settings.size() == kMostShown) break;
    settings.push_back("--set " + (value.empty() ? field + "=VALUE" : shell_quoted(field + "=" + value)));
  }
  return settings.empty() ? "" : fmt::format("{}", fmt::join(settings, " or "));
}

[[noreturn]] void fail_unknown(const CommandLine& about, const std::string& typed, const std::string& value,
                               const std::map<std::string, KnownOption>& known) {
  const std::string bare = typed.substr(std::min(typed.find_first_not_of('-'), typed.size()));
  const auto keys = about.recipe_fields ? about.recipe_fields() : std::vector<std::string>{};
  if (const auto setting = set_instead(fields_called(bare, keys), value); !setting.empty())
    throw UsageError(fmt::format("unknown option {}: a field of the recipe; use {}", typed, setting));
  std::vector<std::string> names;
  for (const auto& [name, option] : known)
    if (name.size() > 2) names.push_back(name.substr(2));
  for (const std::string& key : keys) {
    names.push_back(key.substr(key.rfind('.') + 1));
    std::ranges::replace(names.back(), '_', '-');
  }
  const std::string near = nearest(bare, names);
  if (near.empty()) throw UsageError(fmt::format("unknown option {}", typed));
  if (known.count("--" + near) > 0) throw UsageError(fmt::format("unknown option {}; did you mean --{}?", typed, near));
  throw UsageError(fmt::format("unknown option {}; did you mean {}?", typed, set_instead(fields_called(near, keys), value)));
}

// A word that names no file may be a command, misspelt or not in its place.
void check_for_command(const CommandLine& about, const std::string& word) {
  std::error_code ignored;
  const auto near = about.commands.empty() || std::filesystem::exists(word, ignored) ? "" : nearest(word, about.commands);
  if (near.empty()) return;
  throw UsageError(near == word ? fmt::format("'{0}' is a command and goes first: {1} {0} ...", word, about.program)
                                : fmt::format("unexpected argument '{}'; did you mean the command {}?", word, near));
}

// Notes one value; refuses the second of an option that takes one.
void note_value(const KnownOption& option, const std::string& value, std::map<std::string, std::string>& value_of) {
  if (value.empty()) throw UsageError(fmt::format("{}: is empty; it needs a value", option.canonical));
  const auto [first, is_new] = value_of.emplace(option.canonical, value);
  if (!is_new && !option.takes_many)
    throw UsageError(fmt::format("{}: given twice ('{}' and '{}'); it takes one value", option.canonical, first->second, value));
}

// Refuses what cxxopts accepts or reports poorly: unknown names, missing values, an option in place of a value, a second value for an
// option that takes one.
void check_arguments(const CommandLine& about, const cxxopts::Options& options, int argc, char** argv) {
  const auto known = known_options(options);
  if (about.recipe_fields) offer_recipe_fields(about.recipe_fields);
  std::map<std::string, std::string> value_of;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--") break;
    if (argument.size() < 2 || argument[0] != '-') {
      check_for_command(about, argument);
      continue;
    }
    const bool is_long = argument.rfind("--", 0) == 0;
    const size_t equals = is_long ? argument.find('=') : std::string::npos;
    const std::string name = is_long ? argument.substr(0, equals) : argument.substr(0, 2);
    const auto option = known.find(name);
    if (option == known.end()) {
      const bool value_follows = equals == std::string::npos && i + 1 < argc && argv[i + 1][0] != '-';
      fail_unknown(about, is_long ? name : argument,
                   equals != std::string::npos ? argument.substr(equals + 1)
                   : value_follows             ? argv[i + 1]
                                               : "",
                   known);
    }
    if (!option->second.takes_value) {
      if (equals != std::string::npos) throw UsageError(fmt::format("{} takes no value, got '{}'", name, argument.substr(equals + 1)));
      if (!is_long && argument.size() > 2) fail_unknown(about, argument, "", known);
    } else if (equals != std::string::npos) {
      note_value(option->second, argument.substr(equals + 1), value_of);
    } else if (!is_long && argument.size() > 2) {
      note_value(option->second, argument.substr(2), value_of);
    } else {
      if (i + 1 >= argc) throw UsageError(fmt::format("{} needs a value", name));
      const std::string value = argv[++i];
      if (value.size() > 1 && value[0] == '-' && known.count(value.substr(0, value.find('='))) > 0)
        throw UsageError(fmt::format("{} needs a value; what follows is the option {}", name, value));
      note_value(option->second, value, value_of);
    }
  }
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

// While it lives, writing to a pipe without a reader or past the limit on file sizes is an error, not a signal that ends the program.
class IgnoredSignals {
 public:
  IgnoredSignals() : pipe_(std::signal(SIGPIPE, SIG_IGN)), file_size_(std::signal(SIGXFSZ, SIG_IGN)) {}
  ~IgnoredSignals() {
    std::signal(SIGPIPE, pipe_);
    std::signal(SIGXFSZ, file_size_);
  }

 private:
  void (*pipe_)(int);
  void (*file_size_)(int);
};

bool reader_of_output_is_gone() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

void end_by_sigpipe() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
  std::raise(SIGPIPE);
}

}  // namespace

bool parse_command_line(const CommandLine& about, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& result) {
  options.add_options()("h,help", "Show this help and exit")("version", "Show the versions in use and exit");
  options.custom_help(about.usage);
  options.positional_help("");
  options.set_width(110);
  check_arguments(about, options, argc, argv);
  try {
    result = options.parse(argc, argv);
  } catch (const std::exception& error) {
    throw UsageError(error.what());
  }
  if (result.count("help") > 0) {
    std::cout << help_text(about, options);
    return false;
  }
  if (result.count("version") > 0) {
    std::cout << version_text(about.program);
    return false;
  }
  // An option that may stand without its name, given both ways.
  for (const auto& [name, option] : known_options(options)) {
    if (name.size() < 3 || !option.takes_value || option.takes_many || result.count(name.substr(2)) < 2) continue;
    throw UsageError(fmt::format("{}: given twice, with and without its name; it takes one value", name));
  }
  if (!result.unmatched().empty()) throw UsageError(fmt::format("unexpected argument '{}'", result.unmatched().front()));
  return true;
}

int run_program(const std::string& program, const std::function<int()>& body) {
  open_standard_streams();
  const IgnoredSignals ignored;
  int status = 1;
  std::string message;
  bool is_usage = false;
  try {
    status = body();
  } catch (const UsageError& error) {
    message = fmt::format("{}: {}", program, error.what());
    is_usage = true;
    status = 2;
  } catch (const c10::Error& error) {
    message = fmt::format("{}: error: {}", program, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    message = fmt::format("{}: error: out of memory", program);
  } catch (const std::exception& error) {
    message = fmt::format("{}: error: {}", program, error.what());
  }
  errno = 0;
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout.good();
  const int error = errno;
  if (!written && reader_of_output_is_gone()) end_by_sigpipe();
  if (!written && status == 0) {
    message =
        fmt::format("{}: error: standard output cannot be written{}", program, error == 0 ? "" : fmt::format(": {}", std::strerror(error)));
    status = 1;
  }
  if (!message.empty()) print_message(message);
  if (is_usage) print_message(fmt::format("See: {} --help", program));
  return status;
}

std::string version_text(const std::string& program) {
  return fmt::format("{} (attnzoo {})\nLibTorch {}, CPU capability {}, {} threads, CUDA {}\n", program, ATTNZOO_VERSION, TORCH_VERSION,
                     at::get_cpu_capability(), at::get_num_threads(), torch::cuda::is_available() ? "yes" : "no");
}

}  // namespace attnzoo
