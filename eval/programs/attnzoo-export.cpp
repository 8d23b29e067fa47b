// attnzoo-export: a trained model in the formats that other tools read, and theirs as a checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/atomic_directory.h"
#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/printable.h"
#include "data/stop_signal.h"
#include "eval/decode_options.h"
#include "eval/export_check.h"
#include "models/checkpoint.h"
#include "models/export/ctranslate2.h"
#include "models/export/export_directory.h"
#include "models/export/huggingface_export.h"
#include "models/export/huggingface_import.h"
#include "models/export/torchscript.h"

using namespace attnzoo;

namespace {

namespace fs = std::filesystem;

const CommandLine kAbout = {
    "attnzoo-export",
    "Exports a trained model to a format of another tool, or imports such a model as a checkpoint.",
    "--run DIR --format FORMAT --out PATH [OPTION...]\n"
    "  attnzoo-export --from huggingface DIRECTORY --out CHECKPOINT\n\n"
    "Formats:\n"
    "  torchscript   one file that torch (Python) and LibTorch (C++) run without attnzoo: greedy and beam search, scoring\n"
    "  ctranslate2   a directory for CTranslate2 (Transformers)\n"
    "  huggingface   a MarianMT directory for transformers (post-norm Transformers); also what --from reads",
    {"attnzoo-export --run runs/demo --format torchscript --out demo.pt",
     "attnzoo-export --run runs/demo --format torchscript --quantize int8 --out demo-int8.pt",
     "attnzoo-export --run runs/demo --format ctranslate2 --out demo-ct2",
     "attnzoo-export --run runs/demo --format huggingface --out demo-marian",
     "attnzoo-export --from huggingface opus-mt-en-de --out runs/opus-mt-en-de"}};

// Differences that rounding of float32 may cause, and those of bfloat16 or int8. The scores of searches are not compared for the latter: on
// the random text of the comparison, a search that once takes another token ends elsewhere.
constexpr ExportDifference kExact = {1e-5, 1e-5}, kRounded = {0.25, INFINITY};

const std::vector<std::string> kFormats = {"torchscript", "ctranslate2", "huggingface"};

// LibTorch warns once per process that quantised tensors, from which int8 weights are packed, are deprecated.
struct NoWarnings : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

struct Settings {
  std::string format;
  fs::path out;
  std::string type = "float32";
  bool int8 = false;
};

std::string choice(const cxxopts::ParseResult& arguments, const std::string& option, const std::vector<std::string>& accepted) {
  const auto value = arguments[option].as<std::string>();
  if (std::find(accepted.begin(), accepted.end(), value) != accepted.end()) return value;
  const auto near = nearest(value, accepted);
  throw UsageError(fmt::format("--{}: unknown value '{}'{}; accepted: {}", option, value,
                               near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), fmt::join(accepted, ", ")));
}

std::string size_text(uintmax_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

void write_torchscript(const fs::path& checkpoint, const Settings& settings) {
  NoWarnings none;
  const c10::WarningUtils::WarningHandlerGuard quiet(&none);
  TorchScriptOptions options;
  options.int8 = settings.int8;
  if (settings.type == "bfloat16") options.type = torch::kBFloat16;
  refuse_input_as_output("--out", settings.out, model_files(checkpoint));
  AtomicFile out(settings.out);  // before the work, so that a name which cannot be written is refused at once
  auto loaded = load_model(checkpoint, torch::kCPU);
  const auto archive = make_torchscript(loaded, options);
  const bool exact = options.type == torch::kFloat && !options.int8;
  // Making the archive changed the model's type.
  if (options.type != torch::kFloat) loaded = load_model(checkpoint, torch::kCPU);
  const auto difference = check_torchscript(archive, loaded, exact ? kExact : kRounded);
  out.write(archive);
  out.commit();
  print_message(fmt::format("{}: {}, {}{}; compared with the model: logits differ by at most {:.1g} of the largest", settings.out.string(),
                            size_text(archive.size()), settings.type, settings.int8 ? ", int8 matrices" : "", difference.logits));
}

// --from FORMAT DIRECTORY --out CHECKPOINT.
void import_model(const cxxopts::ParseResult& arguments) {
  choice(arguments, "from", {"huggingface"});
  if (arguments.count("directory") == 0) throw UsageError("--from huggingface: a directory is needed, as transformers saves it");
  for (const char* option : {"run", "checkpoint", "format", "type", "quantize"})
    if (arguments.count(option) > 0) throw UsageError(fmt::format("--{} is for an export, and --from imports; omit one of them", option));
  const fs::path out = arguments["out"].as<std::string>();
  AtomicDirectory::check(out, {});
  save_checkpoint(out, import_huggingface(arguments["directory"].as<std::string>()), false);
  const std::string quoted = shell_quoted(out.string());
  print_message(
      fmt::format("{}: a checkpoint; use it with attnzoo-translate --run {}, train it further with attnzoo-train RECIPE.json --init {}",
                  out.string(), quoted, quoted));
}

Settings read_settings(const cxxopts::ParseResult& arguments) {
  Settings settings;
  if (arguments.count("directory") > 0) throw UsageError("a directory is accepted only with --from FORMAT");
  if (arguments["format"].as<std::string>() == "onnx")
    throw UsageError(
        "--format onnx: there is no ONNX export, since the search over a recurrent state does not fit into a graph; for C++ and Python use "
        "torchscript, for the fastest CPU translation with a Transformer ctranslate2");
  settings.format = choice(arguments, "format", kFormats);
  settings.out = arguments["out"].as<std::string>();
  if (settings.out == "-") throw UsageError("--out: '-' is standard output, which an export cannot be written to; name a file");
  settings.type = choice(arguments, "type", {"float32", "bfloat16"});
  settings.int8 = arguments.count("quantize") > 0 && choice(arguments, "quantize", {"int8"}) == "int8";
  if (settings.int8 && settings.type != "float32")
    throw UsageError("--quantize int8 keeps everything but matrices in float32; omit --type");
  if (settings.int8 && settings.format == "huggingface") throw UsageError("--quantize: MarianMT has no int8 weights; omit it");
  if (settings.type != "float32" && settings.format != "torchscript")
    throw UsageError(fmt::format("--type {}: only torchscript supports it; --format {} is float32", settings.type, settings.format));
  return settings;
}

void write_directory(const fs::path& checkpoint, const Settings& settings) {
  ExportDirectory::check(settings.out, settings.format);
  const auto contents = load_checkpoint(checkpoint, false);
  check_contents(contents, checkpoint.string());
  if (settings.format == "ctranslate2")
    export_ctranslate2(contents, settings.out, settings.int8);
  else
    export_huggingface(contents, settings.out);
  uintmax_t bytes = 0;
  std::error_code ignored;  // the size is only told
  for (const std::string& name : names_in(settings.out)) bytes += fs::file_size(settings.out / name, ignored);
  print_message(fmt::format("{}: {}, for {}", settings.out.string(), size_text(bytes), settings.format));
}

int run(int argc, char** argv) {
  const StopSignal stop;
  cxxopts::Options options(kAbout.program, kAbout.summary);
  add_model_options(options);
  auto export_options = options.add_options("Export");
  export_options("format", fmt::format("{}", fmt::join(kFormats, ", ")), cxxopts::value<std::string>(), "FORMAT");
  export_options("out", "Output: a file (torchscript) or a new directory", cxxopts::value<std::string>(), "PATH");
  export_options("type", "Number type of weights and arithmetic: float32 or bfloat16 (torchscript)",
                 cxxopts::value<std::string>()->default_value("float32"), "TYPE");
  export_options("quantize", "int8: matrices take a quarter of the space and are multiplied in int8 on the CPU (torchscript, ctranslate2)",
                 cxxopts::value<std::string>(), "KIND");
  auto import_options = options.add_options("Import");
  import_options("from", "Import instead: make a checkpoint of the model in DIRECTORY; accepted: huggingface",
                 cxxopts::value<std::string>(), "FORMAT");
  import_options("directory", "The directory that --from reads", cxxopts::value<std::string>(), "DIRECTORY");
  options.parse_positional({"directory"});
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  if (arguments.count("from") == 0 && arguments.count("format") == 0)
    throw UsageError(fmt::format("--format is needed: {}", fmt::join(kFormats, ", ")));
  if (arguments.count("out") == 0) throw UsageError("--out is needed: the name of the output");
  if (arguments.count("from") > 0) {
    import_model(arguments);
    return 0;
  }
  const auto settings = read_settings(arguments);
  const auto checkpoint = chosen_checkpoint(arguments);
  if (settings.format == "torchscript")
    write_torchscript(checkpoint, settings);
  else
    write_directory(checkpoint, settings);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(kAbout.program, [&] { return run(argc, argv); });
}
