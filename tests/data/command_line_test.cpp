#include "data/command_line.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <torch/version.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "data/device_option.h"
#include "data/error.h"
#include "data/files.h"
#include "data/option_reader.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;

namespace {

const CommandLine kAbout = {"attnzoo-x", "Does x.", "--run DIR [--beam N] [FILE]", {"attnzoo-x --run r --beam 5"}, [] {
                              return std::vector<std::string>{"train.max_steps", "train.learning_rate", "model.dropout", "data.dropout"};
                            }};

struct Parsed {
  bool go_on = false;
  cxxopts::ParseResult result;
};

Parsed parse(std::vector<std::string> arguments) {
  cxxopts::Options options("attnzoo-x", "Does x.");
  options.add_options()("run", "Folder", cxxopts::value<std::string>(), "DIR")("b,beam", "Width", cxxopts::value<std::string>(), "N")(
      "penalty", "Length penalty", cxxopts::value<std::string>())("device", "Device", cxxopts::value<std::string>())("resume", "Go on")(
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
  OptionReader options(parsed.result);
  CHECK(options.integer("beam", {1, 5}) == 3);
  CHECK(options.real("penalty", {-1, 1}) == -0.5);
  options.finish();
  CHECK(parsed.result["set"].as<std::vector<std::string>>() == std::vector<std::string>{"a=1,2", "b="});
  CHECK(parsed.result["file"].as<std::string>() == "text.en");
  CHECK(parsed.result.count("resume") == 0);
}

TEST_CASE("bad usage is named, with the nearest option") {
  CHECK(usage_error({"--bean", "5"}) == "unknown option --bean; did you mean --beam?");
  CHECK(usage_error({"--bean=5"}) == "unknown option --bean; did you mean --beam?");
  CHECK(usage_error({"-run", "x"}) == "unknown option -run; did you mean --run?");
  CHECK(usage_error({"--quantum"}) == "unknown option --quantum");
  CHECK(usage_error({"---"}) == "unknown option ---");
  CHECK(usage_error({"--run"}) == "--run needs a value");
  CHECK(usage_error({"--run", "--beam", "5"}) == "--run needs a value; what follows is the option --beam");
  CHECK(usage_error({"a", "b"}) == "unexpected argument 'b'");
  CHECK(usage_error({"--resume=yes"}) == "--resume takes no value, got 'yes'");
  CHECK(usage_error({"-hx"}) == "unknown option -hx");
}

TEST_CASE("a number that is none or out of bounds is answered with the option's bounds and the text as typed") {
  const auto message = [](const std::string& option, const std::string& value) {
    const Parsed parsed = parse({option + "=" + value});
    OptionReader options(parsed.result);
    if (option == "--beam") options.integer("beam", kThreadBounds);
    if (option == "--penalty") options.real("penalty", {0, 1000000000, true});
    try {
      options.finish();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  for (const char* number :
       {"0", "-1", "1025", "2147483648", "4294967297", "9223372036854775807", "9223372036854775808", "-99999999999999999999"})
    CHECK(message("--beam", number) == fmt::format("--beam: must be between 1 and 1024, got {}", number));
  for (const char* text : {"abc", "2.5", "1e3", "0x10", " 1", "1 ", "-", "inf", "nan"})
    CHECK(message("--beam", text) == fmt::format("--beam: '{}' is not a whole number", text));
  for (const char* number : {"0", "-1", "inf", "-inf", "nan", "1e999", "1000000001"})
    CHECK(message("--penalty", number) == fmt::format("--penalty: must be above 0 and at most 1000000000, got {}", number));
  for (const char* text : {"abc", "0.5x", "0x10", "1,5", " 1", "1e"})
    CHECK(message("--penalty", text) == fmt::format("--penalty: '{}' is not a number", text));
  for (const char* number : {"1e9", ".5", "1e-300", "+3"}) CHECK(message("--penalty", number) == "no error");
  CHECK(message("--beam", "+1024") == "no error");
}

TEST_CASE("all numbers that are wrong are reported together") {
  const Parsed parsed = parse({"--beam", "0", "--penalty", "x"});
  OptionReader options(parsed.result);
  options.integer("beam", {1, 10});
  options.real("penalty", {0, 1});
  CHECK_THROWS_WITH(options.finish(), "--beam: must be between 1 and 10, got 0; --penalty: 'x' is not a number");
}

TEST_CASE("an option given twice that takes one value is refused with both values") {
  CHECK(usage_error({"--run", "A", "--run", "B"}) == "--run: given twice ('A' and 'B'); it takes one value");
  CHECK(usage_error({"--run=A", "--run", "A"}) == "--run: given twice ('A' and 'A'); it takes one value");
  CHECK(usage_error({"-b", "1", "--beam=2"}) == "--beam: given twice ('1' and '2'); it takes one value");
  CHECK(usage_error({"--file", "A", "B"}) != "no error");
  CHECK(usage_error({"B", "--file", "A"}) != "no error");
  CHECK(usage_error({"--set", "a=1", "--set", "a=2", "--resume", "--resume"}) == "no error");
}

TEST_CASE("an option that is a field of the recipe is answered with the --set that was meant") {
  CHECK(usage_error({"--max-steps", "100"}) == "unknown option --max-steps: a field of the recipe; use --set train.max_steps=100");
  CHECK(usage_error({"--max-steps=100"}) == "unknown option --max-steps: a field of the recipe; use --set train.max_steps=100");
  CHECK(usage_error({"--lr", "0.1"}) == "unknown option --lr: a field of the recipe; use --set train.learning_rate=0.1");
  CHECK(usage_error({"-lr", "0.1"}) == "unknown option -lr: a field of the recipe; use --set train.learning_rate=0.1");
  CHECK(usage_error({"--train.learning_rate"}) ==
        "unknown option --train.learning_rate: a field of the recipe; use --set train.learning_rate=VALUE");
  CHECK(usage_error({"--dropout", "a b"}) ==
        "unknown option --dropout: a field of the recipe; use --set 'model.dropout=a b' or --set 'data.dropout=a b'");
  CHECK(usage_error({"--max-stepps", "3"}) == "unknown option --max-stepps; did you mean --set train.max_steps=3?");
}

TEST_CASE("a device is the processor or a CUDA device that there is") {
  const auto device = [](const std::string& name) {
    const Parsed parsed = parse({"--device", name});
    try {
      return device_option(parsed.result).str();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
  };
  CHECK(device("cpu") == "cpu");
  for (const char* name : {"tpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "CUDA"})
    CHECK(device(name) == fmt::format("--device: unknown device '{}'; accepted: cpu, cuda, cuda:N", name));
  for (const char* name : {"cuda", "cuda:0", "cuda:257", "cuda:99999999999"})
    CHECK_THAT(device(name), ContainsSubstring(std::string("--device ") + name + ": ") || Equals(name));
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
  CHECK(message([]() -> int { throw DataError("a\x1b[31m\nb: no such file"); }) == "attnzoo-x: error: a\\x1b[31m\\nb: no such file\n");
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
  CHECK(status_of_child(ends[1], [&]() -> int {
          much_output();
          throw DataError("standard output cannot be written");
        }) == 128 + SIGPIPE);
  CHECK(status_of_child(ends[1], [] { return 5; }) == 5);
  close(ends[1]);
}
