#include "data/option_reader.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace attnzoo {
namespace {

// Digits with at most a sign before them.
bool is_whole_number(const std::string& text) {
  const size_t first = text[0] == '-' || text[0] == '+' ? 1 : 0;
  return text.size() > first && text.find_first_not_of("0123456789", first) == std::string::npos;
}

// "0.5", "-1e3", "inf", "nan", not "0x10" and not " 1".
bool is_real_number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return false;
  return !std::isfinite(value) || text.find_first_not_of("0123456789+-.eE") == std::string::npos;
}

}  // namespace

int64_t OptionReader::integer(const std::string& option, IntegerBounds bounds) {
  const auto text = arguments_[option].as<std::string>();
  if (!is_whole_number(text)) {
    problems_.push_back(fmt::format("--{}: '{}' is not a whole number", option, text));
    return bounds.least;
  }
  errno = 0;
  const int64_t value = std::strtoll(text.c_str(), nullptr, 10);
  if (errno == 0 && bounds.contain(value)) return value;
  problems_.push_back(fmt::format("--{}: {}, got {}", option, bounds.text(), text));
  return bounds.least;
}

double OptionReader::real(const std::string& option, RealBounds bounds) {
  const auto text = arguments_[option].as<std::string>();
  if (!is_real_number(text)) {
    problems_.push_back(fmt::format("--{}: '{}' is not a number", option, text));
    return bounds.least;
  }
  const double value = std::strtod(text.c_str(), nullptr);
  if (bounds.contain(value)) return value;
  problems_.push_back(fmt::format("--{}: {}, got {}", option, bounds.text(), text));
  return bounds.least;
}

void OptionReader::finish() const {
  if (!problems_.empty()) throw UsageError(fmt::format("{}", fmt::join(problems_, "; ")));
}

std::filesystem::path output_file_option(const cxxopts::ParseResult& arguments, const std::string& option) {
  if (arguments.count(option) == 0) return {};
  const auto name = arguments[option].as<std::string>();
  if (name == "-")
    throw UsageError(fmt::format("--{}: goes to a file, not to standard output; give its name (./- for one called -)", option));
  return name;
}

void apply_threads_option(const cxxopts::ParseResult& arguments) {
  OptionReader options(arguments);
  if (!options.given("threads")) return;
  const int64_t threads = options.integer("threads", kThreadBounds);
  options.finish();
  at::set_num_threads(static_cast<int>(threads));
}

}  // namespace attnzoo
