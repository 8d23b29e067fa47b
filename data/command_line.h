// What every program's main shares: --help with examples, --version, exit 2 on bad usage with the nearest option suggested,
// exit 1 with the message of an Error, exit 130 after Ctrl-C.
#pragma once

#include <cxxopts.hpp>
#include <functional>
#include <string>
#include <vector>

namespace attnzoo {

struct CommandLine {
  std::string program;                  // "attnzoo-translate"
  std::string summary;                  // one line
  std::string usage;                    // "--run DIR [--input FILE] ..."
  std::vector<std::string> examples;    // full command lines, shown by --help
};

// Thrown for what the user typed wrong; run_program prints it with a hint to --help and returns 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds --help and --version, parses, handles both. An unknown option throws UsageError: "unknown option --bean; did you mean --beam?".
// Returns true when the program should go on, false when it is done (help or version was printed).
bool parse_command_line(const CommandLine& about, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& result);

// Calls `body`, turning exceptions into messages on stderr ("attnzoo-train: error: ...") and an exit status.
int run_program(const std::string& program, const std::function<int()>& body);

// Program version, LibTorch version, CPU capability, threads, CUDA.
std::string version_text(const std::string& program);

}  // namespace attnzoo
