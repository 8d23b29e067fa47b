// Numbers on the command line, held against their bounds. The options that it reads are declared with cxxopts::value<std::string>().
//
//   OptionReader options(arguments);
//   beam = options.integer("beam", {1, 1000});
//   options.finish();  // throws UsageError: "--beam: must be between 1 and 1000, got 0; --top-p: 'x' is not a number"
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/bounds.h"
#include "data/command_line.h"

namespace attnzoo {

class OptionReader {
 public:
  // `arguments` must outlive the reader.
  explicit OptionReader(const cxxopts::ParseResult& arguments) : arguments_(arguments) {}

  bool given(const std::string& option) const { return arguments_.count(option) > 0; }
  // The value given or the option's default. A wrong one is noted, and bounds.least returned in its place.
  int64_t integer(const std::string& option, IntegerBounds bounds);
  double real(const std::string& option, RealBounds bounds);
  // Throws UsageError with all problems.
  void finish() const;

 private:
  const cxxopts::ParseResult& arguments_;
  std::vector<std::string> problems_;
};

// The file that an option such as --report names; "" where it is not given. Throws UsageError for "-": only an --output goes to standard
// output.
std::filesystem::path output_file_option(const cxxopts::ParseResult& arguments, const std::string& option);

// Sets LibTorch's threads to --threads where it is given.
void apply_threads_option(const cxxopts::ParseResult& arguments);

}  // namespace attnzoo
