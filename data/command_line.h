// What the mains of all programs share: --help with examples, --version, exit status 2 for bad usage with the nearest option suggested,
// exit status 1 for an error with its message.
#pragma once

// A value is never split: cxxopts would cut lists at commas, and file names may contain commas. Programs include this header, never
// cxxopts.hpp itself, and read numbers with data/option_reader.h.
#define CXXOPTS_VECTOR_DELIMITER '\0'
// A false warning of gcc 12 about string assignment in cxxopts (gcc bug 105651).
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
#include <string>
#include <vector>

#include "data/error.h"

namespace attnzoo {

struct CommandLine {
  std::string program;                // "attnzoo-translate"
  std::string summary;                // one line
  std::string usage;                  // "--run DIR [--input FILE] ..."
  std::vector<std::string> examples;  // full command lines, shown by --help
  // Dotted keys of the recipe that the program reads (data/recipe_fields.h). An unknown option that names one is answered with the --set
  // that was meant. Called only then.
  std::function<std::vector<std::string>()> recipe_fields = {};
  // First words that are commands of their own: "show". One that is misspelt or stands behind an option is answered with what was meant.
  std::vector<std::string> commands = {};
};

// Adds --help and --version to the declared options, parses, and handles both. Returns false when one of them was printed and the program
// is done. Throws UsageError for an unknown option ("unknown option --bean; did you mean --beam?"), a missing value, an option given twice
// that takes one value, and a misspelt command.
bool parse_command_line(const CommandLine& about, cxxopts::Options& options, int argc, char** argv, cxxopts::ParseResult& result);

// Calls `body` with the standard streams open (data/message.h), turning exceptions into messages on standard error ("attnzoo-train: error:
// ...") and an exit status. Standard output that cannot be written (disk full) is an error too; when its reader has gone away (head), the
// program ends by SIGPIPE without a word.
int run_program(const std::string& program, const std::function<int()>& body);

// Program version, LibTorch version, CPU capability, threads, CUDA.
std::string version_text(const std::string& program);

}  // namespace attnzoo
