// attnzoo-export: a trained model in the formats that other tools read, and theirs as a checkpoint.
#include <fmt/format.h>

#include "data/error.h"
#include "eval/decode_options.h"
#include "models/checkpoint.h"
#include "models/export/huggingface_export.h"
#include "models/export/huggingface_import.h"

using namespace attnzoo;

namespace {

const CommandLine kAbout = {"attnzoo-export",
                            "Writes a trained model in a format that other tools read.",
                            "--run DIR --format FORMAT --out PATH [OPTION...]",
                            {"attnzoo-export --run runs/demo --format torchscript --out demo.pt",
                             "attnzoo-export --run runs/demo --format huggingface --out demo-marian",
                             "attnzoo-export --from huggingface opus-mt-en-de --out runs/opus-mt-en-de"}};

// --from FORMAT DIR --out RUN: another tool's model as a checkpoint.
void import_model(const cxxopts::ParseResult& arguments) {
  const auto format = arguments["from"].as<std::string>();
  if (format != "huggingface") throw UsageError(fmt::format("--from: unknown format '{}'; known: huggingface", format));
  if (arguments.count("directory") == 0) throw UsageError("--from huggingface: a directory is needed, as transformers saves it");
  if (arguments.count("run") > 0 || arguments.count("format") > 0) throw UsageError("--from goes with neither --run nor --format");
  if (arguments.count("out") == 0) throw UsageError("--out is needed: the checkpoint that is written");
  const std::filesystem::path out = arguments["out"].as<std::string>();
  std::error_code ignored;
  if (std::filesystem::exists(out, ignored)) fail<ConfigError>("--out {}: is there already; name a new directory", out.string());
  save_checkpoint(out, import_huggingface(arguments["directory"].as<std::string>()));
}

int run(int argc, char** argv) {
  cxxopts::Options options(kAbout.program, kAbout.summary);
  add_model_options(options);
  auto export_options = options.add_options("Export");
  export_options("format", "torchscript, huggingface", cxxopts::value<std::string>(), "FORMAT");
  export_options("from", "The other way: make a checkpoint of the model in DIRECTORY; huggingface", cxxopts::value<std::string>(),
                 "FORMAT");
  export_options("directory", "What --from reads", cxxopts::value<std::string>(), "DIRECTORY");
  export_options("out", "What is written", cxxopts::value<std::string>(), "PATH");
  options.parse_positional({"directory"});
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  if (arguments.count("from") > 0) {
    import_model(arguments);
    return 0;
  }
  if (arguments.count("directory") > 0) throw UsageError("a directory goes with --from FORMAT");
  const auto checkpoint = chosen_checkpoint(arguments);
  if (arguments.count("format") == 0) throw UsageError("--format is needed");
  if (arguments.count("out") == 0) throw UsageError("--out is needed: the name of what is written");
  const auto format = arguments["format"].as<std::string>();
  const std::filesystem::path out = arguments["out"].as<std::string>();
  if (format == "huggingface") {
    export_huggingface(load_checkpoint(checkpoint, false), out);
    return 0;
  }
  throw UsageError(fmt::format("--format: unknown format '{}'", format));
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(kAbout.program, [&] { return run(argc, argv); });
}
