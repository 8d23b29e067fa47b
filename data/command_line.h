// What every program's main shares: --help with examples, --version, exit 2 on bad usage with the nearest option suggested,
// exit 1 with the message of an Error, exit 130 after Ctrl-C.
#pragma once

// A value is never split: cxxopts would cut lists at commas, and file names may hold them. Every program
// includes this header, never cxxopts.hpp itself.
#define CXXOPTS_VECTOR_DELIMITER '\0'
// gcc 12 warns falsely of its own string assignment inside cxxopts (gcc bug 105651).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wrestrict"
#include <cxxopts.hpp>
#pragma GCC diagnostic pop
#else
#include <cxxopts.hpp>
#endif
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// cxxopts reads "0.5x" as 0.5; here the whole text must be a number.
template <>
inline void cxxopts::values::stringstream_parser<double>(const std::string& text, double& value) {
  std::istringstream in(text);
  if (!(in >> value) || in.peek() != std::istringstream::traits_type::eof()) throw std::invalid_argument(text);
}

namespace attnzoo {

struct CommandLine {
  std::string program;                // "attnzoo-translate"
  std::string summary;                // one line
  std::string usage;                  // "--run DIR [--input FILE] ..."
  std::vector<std::string> examples;  // full command lines, shown by --help
};

// Thrown for what the user typed wrong; run_program prints it with a hint to --help and returns 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds --help and --version, parses (options first declared with options.add_options(), positional ones with parse_positional()), handles
// both. An unknown option throws UsageError: "unknown option --bean; did you mean --beam?". Returns true when the program should go on,
// false when it is done (help or version was printed).
bool parse_command_line(const CommandLine& about, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& result);

// Calls `body`, turning exceptions into messages on stderr ("attnzoo-train: error: ...") and an exit status. Output that could not be
// written (disk full) is an error too; a reader that went away (head) ends the program silently.
int run_program(const std::string& program, const std::function<int()>& body);

// Program version, LibTorch version, CPU capability, threads, CUDA.
std::string version_text(const std::string& program);

}  // namespace attnzoo
