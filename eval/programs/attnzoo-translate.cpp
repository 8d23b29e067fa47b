// Text in, translations out: a file, standard input or a prompt.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "data/error.h"
#include "data/files.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/progress.h"
#include "data/stop_signal.h"
#include "data/text_form.h"
#include "data/text_reader.h"
#include "eval/decode_options.h"
#include "eval/translation_extras.h"
#include "eval/translation_format.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

using namespace attnzoo;

namespace {

const CommandLine kAbout = {
    "attnzoo-translate",
    "Translates lines of text with a trained model.",
    "--run DIR [--input FILE] [--output FILE] [OPTION...]\n\n"
    "Translates each line of FILE, of standard input, or as typed at a prompt. N lines in give N lines out, in the same order.\n"
    "With --n-best N: lines INDEX ||| TEXT ||| SCORE, best first, INDEX counting input lines from 0.\n"
    "A classifier gives each line's label; a language model continues each line (--sample draws).",
    {"attnzoo-translate --run runs/demo                                  # a prompt",
     "attnzoo-translate --run runs/demo --input test.en --output test.de",
     "zcat big.en.gz | attnzoo-translate --run runs/demo --beam 1 > big.de",
     "attnzoo-translate --run runs/demo --input test.en --n-best 5 --format json --attention",
     "head -n 20 test.en | attnzoo-translate --run runs/demo --explain attention.html    # a page to look at",
     "echo 'A library for' | attnzoo-translate --run runs/lm --sample --top-p 0.9 --n-best 5"}};

// Where the translations go: a file that appears once it is complete, or standard output.
class Output {
 public:
  explicit Output(const std::string& file) {
    if (!file.empty() && file != "-") file_ = std::make_unique<AtomicFile>(file);
  }
  void write(const std::string& text) { file_ ? file_->write(text) : print_output(text); }
  void flush() {
    if (!file_ && std::fflush(stdout) != 0) fail<DataError>("standard output cannot be written; is the disk full?");
  }
  void commit() {
    if (file_) file_->commit();
  }

 private:
  std::unique_ptr<AtomicFile> file_;
};

struct Settings {
  std::string run, input = "-", output;
  bool json = false, attention = false, quiet = false;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::kError;
  int64_t buffer_lines = 2000;
  TranslateOptions translate;
  ExtraOptions extras;
};

Settings read_settings(const cxxopts::ParseResult& arguments) {
  Settings settings;
  settings.translate = decode_options(arguments);
  if (arguments.count("input") > 0) settings.input = arguments["input"].as<std::string>();
  if (arguments.count("output") > 0) settings.output = arguments["output"].as<std::string>();
  const auto format = arguments["format"].as<std::string>();
  if (format != "text" && format != "json") throw UsageError(fmt::format("--format: unknown format '{}'; accepted: text, json", format));
  settings.json = format == "json";
  settings.translate.search.want_attention = arguments.count("attention") > 0;
  settings.attention = settings.translate.search.want_attention;
  if (settings.attention && !settings.json) throw UsageError("--attention is written as JSON only; add --format json");
  const auto path = [&](const char* name) { return arguments.count(name) > 0 ? arguments[name].as<std::string>() : std::string(); };
  settings.extras = {path("explain"), path("attention-svg"), path("alignments"), {}};
  if (arguments.count("attention-view") > 0) {
    try {
      settings.extras.view = AttentionView::parse(path("attention-view"));
    } catch (const ConfigError& error) {
      throw UsageError(std::string("--attention-view: ") + error.what());
    }
    if (settings.extras.view.part != AttentionPart::kCross)
      throw UsageError("--attention-view: what is written is attention to the source, cross.LAYER.HEAD; --explain shows the other parts");
    if (!settings.translate.search.want_attention && settings.extras.svg_folder.empty() && settings.extras.alignments.empty())
      throw UsageError("--attention-view chooses what --alignments, --attention-svg or --attention write; add one of them");
  }
  if (settings.extras.any()) settings.translate.search.want_attention = true;
  settings.translate.search.want_trace = !settings.extras.explain.empty();
  settings.quiet = arguments.count("quiet") > 0;
  OptionReader options(arguments);
  settings.buffer_lines = options.integer("buffer-lines", {1, 10'000'000});
  options.finish();
  try {
    settings.invalid_utf8 = parse_invalid_utf8(arguments["invalid-utf8"].as<std::string>());
  } catch (const ConfigError& error) {
    throw UsageError(error.what());
  }
  return settings;
}

std::string formatted(const Translation& translation, int64_t index, const std::string& line, const LoadedModel& loaded,
                      const Settings& settings) {
  if (settings.json) {
    auto options = settings.translate;
    options.search.want_attention = settings.attention;  // pictures want it, too
    return json_line(translation, index, line, loaded.tokenizers, options);
  }
  return settings.translate.search.n_best > 1 ? n_best_lines(translation, index) : plain_line(translation);
}

// One line at a time, answered at once. The prompt goes to standard error, so that the output may be redirected.
int run_prompt(LoadedModel& loaded, Settings settings, LineReader& input, Output& output) {
  settings.translate.num_threads = 1;
  std::string line;
  for (int64_t index = 0;; ++index) {
    write_to_descriptor(STDERR_FILENO, "> ");
    if (!input.next(line)) break;
    try {
      require_utf8(line, settings.invalid_utf8, input.name(), input.line_number());
      settings.translate.first_line = index;
      auto translations = translate(*loaded.model, loaded.tokenizers, std::span(&line, 1), settings.translate);
      show_view(*loaded.model, translations, settings.extras.view, settings.translate);
      output.write(formatted(translations[0], index, line, loaded, settings));
      output.flush();
    } catch (const DataError& error) {
      if (std::ferror(stdout)) throw;
      print_message(error.what());
    }
  }
  print_message("");
  output.commit();
  return 0;
}

// Reads lines and translates them, --buffer-lines at a time, until the input ends or a stop is asked for.
void translate_stream(LoadedModel& loaded, const Settings& settings, LineReader& input, Output& output, TranslationExtras& extras,
                      Progress* progress, TranslateReport& report, const std::atomic<bool>& stop) {
  std::vector<std::string> lines;
  std::string line;
  for (bool more = true; more && !stop;) {
    lines.clear();
    while (static_cast<int64_t>(lines.size()) < settings.buffer_lines && (more = input.next(line))) {
      require_utf8(line, settings.invalid_utf8, input.name(), input.line_number());
      lines.push_back(line);
    }
    if (stop || lines.empty()) return;
    extras.expect(lines.size());
    const int64_t first = report.num_sentences;
    if (first == 0) warn_of_other_form(input.name(), lines);
    const auto show = [&](int64_t done) {
      if (progress != nullptr) progress->update([&] { return counted(first + done, "sentence") + " translated"; });
    };
    auto options = settings.translate;
    options.first_line = first;
    auto translations = translate(*loaded.model, loaded.tokenizers, lines, options, &report, show, &stop);
    show_view(*loaded.model, translations, settings.extras.view, options);
    if (progress != nullptr) progress->clear();
    for (size_t i = 0; i < lines.size(); ++i)
      output.write(formatted(translations[i], first + static_cast<int64_t>(i), lines[i], loaded, settings));
    output.flush();
    extras.add(lines, std::move(translations), options);
  }
}

int run_stream(LoadedModel& loaded, const Settings& settings, LineReader& input, Output& output, const StopSignal& stop) {
  std::unique_ptr<Progress> progress = settings.quiet ? nullptr : std::make_unique<Progress>();
  TranslateReport report;
  TranslationExtras extras(settings.extras, loaded, settings.run);
  try {
    translate_stream(loaded, settings, input, output, extras, progress.get(), report, stop.requested());
  } catch (const Error&) {
    if (!stop.requested()) throw;
  }
  progress.reset();
  if (stop.requested()) {
    print_message(fmt::format("attnzoo-translate: interrupted after {}{}", counted(report.num_sentences, "sentence"),
                              settings.output.empty() ? "" : fmt::format("; {} was not written", settings.output)));
    return stop.exit_status();
  }
  output.commit();
  extras.commit();
  if (!settings.quiet) print_message(report_text(report));
  return 0;
}

int run(int argc, char** argv) {
  StopSignal stop;  // before a file is begun, so that none is left behind
  cxxopts::Options options(kAbout.program, kAbout.summary);
  add_decode_options(options);
  auto text_options = options.add_options("Text");
  text_options("input", "Text to translate, plain or gzip, one sentence per line; - is standard input (the default)",
               cxxopts::value<std::string>(), "FILE");
  text_options("output", "Written once everything is translated (default: standard output, line by line)", cxxopts::value<std::string>(),
               "FILE");
  text_options("format", "text, or json: one object per line with scores and tokens", cxxopts::value<std::string>()->default_value("text"),
               "FORMAT");
  text_options("attention", "With --format json: the attention weights of the best translation");
  auto look_options = options.add_options("Looking at it");
  look_options("explain", "A page for a browser: attention by layer and head, probabilities, how the search went; up to 200 lines",
               cxxopts::value<std::string>(), "FILE.html");
  look_options("attention-svg", "A heat map for papers per line: DIR/line-1.svg ...", cxxopts::value<std::string>(), "DIR");
  look_options("alignments", "Links between words, source-target from 0: 0-0 1-2 (Pharaoh format)", cxxopts::value<std::string>(), "FILE");
  look_options("attention-view", "Layer and head for these and --attention: cross.2.3, cross.2.mean (default: cross.last.mean)",
               cxxopts::value<std::string>(), "VIEW");
  text_options("invalid-utf8", "error, or replace: bytes that are not UTF-8 become U+FFFD",
               cxxopts::value<std::string>()->default_value("error"), "POLICY");
  text_options("buffer-lines", "Lines read before they are translated together; 1 answers each line of a pipe at once",
               cxxopts::value<std::string>()->default_value("2000"), "N");
  text_options("quiet", "No progress and no closing line");
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  auto settings = read_settings(arguments);
  const auto checkpoint = chosen_checkpoint(arguments);
  settings.run = arguments["run"].as<std::string>();
  const bool prompt = settings.input == "-" && isatty(STDIN_FILENO);
  auto inputs = model_files(checkpoint);
  inputs.emplace_back(settings.input);
  const auto check_output = [&](const char* option, const std::filesystem::path& file) {
    if (!file.empty() && file != "-") refuse_input_as_output(option, file, inputs);
  };
  check_output("--output", settings.output);
  check_output("--explain", settings.extras.explain);
  check_output("--alignments", settings.extras.alignments);
  if (prompt && settings.extras.any()) throw UsageError("--explain, --attention-svg and --alignments need --input or a pipe, not a prompt");
  LineReader input(settings.input);
  Output output(settings.output);
  auto loaded = load_model(checkpoint, settings.translate.device);
  if (prompt) return run_prompt(loaded, settings, input, output);
  stop.ask_first();
  return run_stream(loaded, settings, input, output, stop);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(kAbout.program, [&] { return run(argc, argv); });
}
