// attnzoo-export: a trained model in the formats that other tools read.
#include <fmt/format.h>

#include "data/error.h"
#include "eval/decode_options.h"
#include "models/checkpoint.h"
#include "models/export/ctranslate2.h"

using namespace attnzoo;

namespace {

const CommandLine kAbout = {"attnzoo-export",
                            "Writes a trained model in a format that other tools read.",
                            "--run DIR --format FORMAT --out PATH [OPTION...]",
                            {"attnzoo-export --run runs/demo --format torchscript --out demo.pt",
                             "attnzoo-export --run runs/demo --format ctranslate2 --out demo-ct2 --quantize int8"}};

int run(int argc, char** argv) {
  cxxopts::Options options(kAbout.program, kAbout.summary);
  add_model_options(options);
  auto export_options = options.add_options("Export");
  export_options("format", "torchscript, ctranslate2", cxxopts::value<std::string>(), "FORMAT");
  export_options("out", "What is written", cxxopts::value<std::string>(), "PATH");
  export_options("quantize", "int8: weights of 8 bits (ctranslate2)", cxxopts::value<std::string>(), "TYPE");
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  const auto checkpoint = chosen_checkpoint(arguments);
  if (arguments.count("format") == 0) throw UsageError("--format is needed");
  if (arguments.count("out") == 0) throw UsageError("--out is needed: the name of what is written");
  const auto format = arguments["format"].as<std::string>();
  const std::filesystem::path out = arguments["out"].as<std::string>();
  const bool int8 = arguments.count("quantize") > 0;
  if (int8 && arguments["quantize"].as<std::string>() != "int8")
    throw UsageError(fmt::format("--quantize: unknown type '{}'; known: int8", arguments["quantize"].as<std::string>()));
  if (int8 && format != "ctranslate2") throw UsageError(fmt::format("--quantize: --format ctranslate2 has it, not '{}'", format));
  if (format == "ctranslate2") {
    export_ctranslate2(load_checkpoint(checkpoint, false), out, int8);
    return 0;
  }
  throw UsageError(fmt::format("--format: unknown format '{}'", format));
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(kAbout.program, [&] { return run(argc, argv); });
}
