#include "data/command_line.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <torch/version.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;

namespace {

const CommandLine kAbout = {"attnzoo-x", "Does x.", "--run DIR [--beam N] [FILE]", {"attnzoo-x --run r --beam 5"}};

struct Parsed {
  bool go_on = false;
  cxxopts::ParseResult result;
};

Parsed parse(std::vector<std::string> arguments) {
  cxxopts::Options options("attnzoo-x", "Does x.");
  options.add_options()("run", "Folder", cxxopts::value<std::string>(), "DIR")("b,beam", "Width", cxxopts::value<int64_t>(), "N")(
      "penalty", "Length penalty", cxxopts::value<double>())("resume", "Go on")(
      "set", "Change a field", cxxopts::value<std::vector<std::string>>())("file", "Input", cxxopts::value<std::string>());
  options.parse_positional({"file"});
  arguments.insert(arguments.begin(), "attnzoo-x");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  Parsed parsed;
  parsed.go_on = parse_command_line(kAbout, options, static_cast<int>(pointers.size()), pointers.data(), parsed.result);
  return parsed;
}

std::string usage_error(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

// What `body` writes to the descriptor (1 or 2) while it runs.
std::string written_to(int descriptor, const std::function<void()>& body) {
  const TemporaryDirectory folder;
  const auto file = folder.file("out", "");
  std::cout.flush();
  std::fflush(nullptr);
  const int saved = dup(descriptor);
  const int out = open(file.c_str(), O_WRONLY);
  dup2(out, descriptor);
  body();
  std::cout.flush();
  std::fflush(nullptr);
  dup2(saved, descriptor);
  close(saved);
  close(out);
  return read_file(file);
}

// Exit status of a child that runs `body` with its standard output at `output`; 128 + signal when it was killed.
int status_of_child(int output, const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(output, STDOUT_FILENO);
    const int silence = open("/dev/null", O_WRONLY);
    dup2(silence, STDERR_FILENO);
    _exit(run_program("attnzoo-x", body));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("options, values and positional arguments are parsed") {
  const Parsed parsed = parse({"--run", "r", "-b", "3", "--penalty=-0.5", "--set", "a=1,2", "--set", "b=", "text.en"});
  REQUIRE(parsed.go_on);
  CHECK(parsed.result["run"].as<std::string>() == "r");
  CHECK(parsed.result["beam"].as<int64_t>() == 3);
  CHECK(parsed.result["penalty"].as<double>() == -0.5);
  CHECK(parsed.result["set"].as<std::vector<std::string>>() == std::vector<std::string>{"a=1,2", "b="});
  CHECK(parsed.result["file"].as<std::string>() == "text.en");
  CHECK(parsed.result.count("resume") == 0);
}

TEST_CASE("bad usage is named, with the nearest option") {
  CHECK(usage_error({"--bean", "5"}) == "unknown option --bean; did you mean --beam?");
  CHECK(usage_error({"--bean=5"}) == "unknown option --bean; did you mean --beam?");
  CHECK(usage_error({"-run", "x"}) == "unknown option -run; did you mean --run?");
  CHECK(usage_error({"--quantum"}) == "unknown option --quantum");
  CHECK(usage_error({"--run"}) == "--run needs a value");
  CHECK(usage_error({"--run", "--beam", "5"}) == "--run needs a value; what follows is the option --beam");
  CHECK(usage_error({"--beam", "abc"}) == "--beam: 'abc' is not a number");
  CHECK(usage_error({"--beam=2.5"}) == "--beam: '2.5' is not a whole number in range");
  CHECK(usage_error({"-bx"}) == "-b: 'x' is not a number");
  CHECK(usage_error({"--penalty", "0.5x"}) == "--penalty: '0.5x' is not a number");
  CHECK(usage_error({"a", "b"}) == "unexpected argument 'b'");
}

TEST_CASE("help shows summary, usage, options and examples") {
  Parsed parsed;
  const std::string help = written_to(1, [&] { parsed = parse({"--help"}); });
  CHECK_FALSE(parsed.go_on);
  CHECK_THAT(help, ContainsSubstring("Does x.\n\nUsage:\n  attnzoo-x --run DIR [--beam N] [FILE]\n") && ContainsSubstring("-b, --beam N") &&
                       ContainsSubstring("--version") && ContainsSubstring("Examples:\n  attnzoo-x --run r --beam 5\n"));
}

TEST_CASE("the version text names the project, LibTorch, the CPU, threads and CUDA") {
  CHECK_THAT(version_text("attnzoo-x"), ContainsSubstring("attnzoo-x (attnzoo 0.1.0)\n") && ContainsSubstring("LibTorch " TORCH_VERSION) &&
                                            ContainsSubstring("CPU capability ") && ContainsSubstring(" threads") &&
                                            (ContainsSubstring("CUDA no") || ContainsSubstring("CUDA yes")));
  Parsed parsed;
  CHECK_THAT(written_to(1, [&] { parsed = parse({"--version"}); }), Equals(version_text("attnzoo-x")));
  CHECK_FALSE(parsed.go_on);
}

TEST_CASE("exceptions become one message on standard error and an exit status") {
  int status = -1;
  const auto message = [&](const std::function<int()>& body) { return written_to(2, [&] { status = run_program("attnzoo-x", body); }); };
  CHECK(message([]() -> int { throw UsageError("unknown option --bean"); }) == "attnzoo-x: unknown option --bean\nSee: attnzoo-x --help\n");
  CHECK(status == 2);
  CHECK(message([]() -> int { throw DataError("train.en: no such file"); }) == "attnzoo-x: error: train.en: no such file\n");
  CHECK(status == 1);
  CHECK(message([]() -> int { throw std::bad_alloc(); }) == "attnzoo-x: error: out of memory\n");
  CHECK(status == 1);
  CHECK(message([]() -> int { TORCH_CHECK(false, "shapes differ"); }) == "attnzoo-x: error: shapes differ\n");
  CHECK(status == 1);
  CHECK(message([] { return 3; }).empty());
  CHECK(status == 3);
}

TEST_CASE("output that cannot be written is an error, and a reader that went away ends the program silently") {
  const auto much_output = [] {
    for (int i = 0; i < 100000; ++i) std::cout << "line\n";
    return 0;
  };
  const int full = open("/dev/full", O_WRONLY);
  CHECK(status_of_child(full, much_output) == 1);
  CHECK(status_of_child(full, [] { return 0; }) == 0);
  close(full);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(status_of_child(ends[1], much_output) == 128 + SIGPIPE);
  close(ends[1]);
}
