// Text in, translations out: a file, standard input or a prompt.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/progress.h"
#include "data/stop_signal.h"
#include "data/text_form.h"
#include "data/text_options.h"
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
    "A classifier gives each text's label; a language model continues each text (--sample draws).\n"
    "--jsonl FILE and --tsv FILE read one field of each line; the line is written as it was, with the translation added as a field.",
    {"attnzoo-translate --run runs/demo                                  # a prompt",
     "attnzoo-translate --run runs/demo --input test.en --output test.de",
     "zcat big.en.gz | attnzoo-translate --run runs/demo --beam 1 > big.de",
     "attnzoo-translate --run runs/demo --input test.en --n-best 5 --format json --attention",
     "attnzoo-translate --run runs/demo --jsonl articles.jsonl --source-field body --output-field body_de > translated.jsonl",
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
  std::string run, output, output_field;  // the last for JSON lines; empty for the model's own
  SourceConfig text{RunningText{{"-"}}};
  bool json = false, attention = false, quiet = false;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::kError;
  int64_t buffer_lines = 2000;
  TranslateOptions translate;
  Compute compute = Compute::kFloat32;
  ExtraOptions extras;

  template <class Form>
  bool holds() const {
    return std::holds_alternative<Form>(text.form);
  }
};

Settings read_settings(const cxxopts::ParseResult& arguments) {
  Settings settings;
  settings.translate = decode_options(arguments);
  settings.compute = compute_option(arguments);
  if (auto text = text_of_options(arguments, "source", "source"); !text.empty()) {
    if (arguments.count("input") > 0) throw UsageError("--input is plain text; omit it beside --jsonl and --tsv");
    settings.text = std::move(text);
  } else if (arguments.count("input") > 0) {
    settings.text.form = RunningText{{arguments["input"].as<std::string>()}};
  }
  if (arguments.count("output-field") > 0) {
    if (!settings.holds<JsonlFiles>()) throw UsageError("--output-field names a field of JSON lines; give them with --jsonl");
    settings.output_field = arguments["output-field"].as<std::string>();
  }
  if (arguments.count("output") > 0) settings.output = arguments["output"].as<std::string>();
  const auto format = arguments["format"].as<std::string>();
  if (format != "text" && format != "json") throw UsageError(fmt::format("--format: unknown format '{}'; accepted: text, json", format));
  settings.json = format == "json";
  if (settings.json && settings.holds<TsvFiles>())
    throw UsageError("--format json: a translation becomes a column of TSV, which holds text; omit it, or give JSON lines with --jsonl");
  settings.translate.search.want_attention = arguments.count("attention") > 0;
  settings.attention = settings.translate.search.want_attention;
  if (settings.attention && !settings.json) throw UsageError("--attention is written as JSON only; add --format json");
  settings.extras = {output_file_option(arguments, "explain"),
                     output_file_option(arguments, "attention-svg"),
                     output_file_option(arguments, "alignments"),
                     {}};
  if (arguments.count("attention-view") > 0) {
    try {
      settings.extras.view = AttentionView::parse(arguments["attention-view"].as<std::string>());
    } catch (const ConfigError& error) {
      throw UsageError(std::string("--attention-view: ") + error.what());
    }
    if (settings.extras.view.part != AttentionPart::kCross)
      throw UsageError("--attention-view: what is written is attention to the source, cross.LAYER.HEAD; --explain shows the other parts");
    if (!settings.translate.search.want_attention && settings.extras.svg_folder.empty() && settings.extras.alignments.empty())
      throw UsageError("--attention-view chooses what --alignments, --attention-svg or --attention write; add one of them");
  }
  if (!settings.extras.alignments.empty() && arguments.count("attention-view") == 0) settings.extras.view = AttentionView::of_alignments();
  if (settings.extras.any()) settings.translate.search.want_attention = true;
  settings.translate.search.want_trace = !settings.extras.explain.empty();
  settings.quiet = arguments.count("quiet") > 0;
  OptionReader options(arguments);
  settings.buffer_lines = options.integer("buffer-lines", {1, 10'000'000});
  options.finish();
  settings.invalid_utf8 = invalid_utf8_option(arguments);
  return settings;
}

// Lines of input, and the slots that their results go into.
struct Lines {
  std::vector<std::string> text;
  std::vector<RecordSlot> slots;

  void add(TextPair& pair, const Settings& settings) {
    slots.push_back(slot_for(settings.text, pair, settings.output_field));
    text.push_back(std::move(pair.source));
  }
};

// What goes into a slot of JSON lines or TSV.
std::string value_in_record(const Translation& translation, const std::string& json, const Settings& settings) {
  const auto num_texts = static_cast<size_t>(settings.translate.search.n_best);
  if (!settings.holds<JsonlFiles>()) {
    auto columns = translation.n_best_text;
    columns.resize(num_texts);  // the same number of columns in each line
    return tab_separated(columns);
  }
  if (settings.json) return json;
  return json_text(num_texts > 1 ? nlohmann::json(translation.n_best_text) : nlohmann::json(translation.text));
}

std::string formatted(const Translation& translation, int64_t index, const std::string& line, const RecordSlot& slot,
                      const LoadedModel& loaded, const Settings& settings) {
  std::string json;
  if (settings.json) {
    auto options = settings.translate;
    options.search.want_attention = settings.attention;  // pictures want it, too
    json = json_line(translation, index, line, loaded.tokenizers, options);
  }
  if (!settings.holds<RunningText>()) return slot.with(value_in_record(translation, json, settings)) + "\n";
  if (settings.json) return json + "\n";
  return settings.translate.search.n_best > 1 ? n_best_lines(translation, index, loaded.model->says_label()) : plain_line(translation);
}

// One line at a time, answered at once. The prompt goes to standard error, so that the output may be redirected.
int run_prompt(LoadedModel& loaded, Settings settings, PairReader& input, Output& output) {
  settings.translate.num_threads = 1;
  TextPair pair;
  for (int64_t index = 0;; ++index) {
    write_to_descriptor(STDERR_FILENO, "> ");
    if (!input.next(pair)) break;
    if (pair.invalid_utf8 && settings.invalid_utf8 == InvalidUtf8::kError) {
      print_message(pair.place() + ": not valid UTF-8; type it again, or accept it with --invalid-utf8 replace");
      continue;
    }
    try {
      Lines lines;
      lines.add(pair, settings);
      settings.translate.first_line = index;
      auto translations = translate(*loaded.model, loaded.tokenizers, lines.text, settings.translate);
      show_view(*loaded.model, translations, settings.extras.view, settings.translate);
      output.write(formatted(translations[0], index, lines.text[0], lines.slots[0], loaded, settings));
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
void translate_stream(LoadedModel& loaded, const Settings& settings, PairReader& input, Output& output, TranslationExtras& extras,
                      Progress* progress, TranslateReport& report, const std::atomic<bool>& stop) {
  TextPair pair;
  for (bool more = true; more && !stop;) {
    Lines lines;
    while (static_cast<int64_t>(lines.text.size()) < settings.buffer_lines && (more = input.next(pair))) lines.add(pair, settings);
    if (stop || lines.text.empty()) return;
    extras.expect(lines.text.size());
    const int64_t first = report.num_sentences;
    if (first == 0 && settings.holds<RunningText>()) warn_of_other_form(settings.text.name(), lines.text);
    const auto unit = unit_of(*loaded.model);
    const char* done_to_it = loaded.model->says_label() ? " labelled" : loaded.model->reads_source() ? " translated" : " continued";
    const auto show = [&](int64_t done) {
      if (progress != nullptr) progress->update([&] { return counted(first + done, unit) + done_to_it; });
    };
    auto options = settings.translate;
    options.first_line = first;
    auto translations = translate(*loaded.model, loaded.tokenizers, lines.text, options, &report, show, &stop);
    show_view(*loaded.model, translations, settings.extras.view, options);
    if (progress != nullptr) progress->clear();
    for (size_t i = 0; i < lines.text.size(); ++i)
      output.write(formatted(translations[i], first + static_cast<int64_t>(i), lines.text[i], lines.slots[i], loaded, settings));
    output.flush();
    extras.add(lines.text, std::move(translations), options);
  }
}

// What a stopped run leaves: the lines on standard output; no file.
std::string interruption(int64_t num_written, const std::string& unit, const Settings& settings) {
  const bool to_file = !settings.output.empty() && settings.output != "-";
  auto missing = TranslationExtras::names(settings.extras);
  if (to_file) missing = settings.output + (missing.empty() ? "" : ", " + missing);
  return fmt::format("attnzoo-translate: interrupted{}{}",
                     to_file           ? ""
                     : num_written > 0 ? fmt::format("; {} written", counted(num_written, unit))
                                       : fmt::format("; nothing was written: lines are read and written {} at a time (--buffer-lines)",
                                                     settings.buffer_lines),
                     missing.empty() ? "" : "; not written: " + missing);
}

int run_stream(LoadedModel& loaded, const Settings& settings, PairReader& input, Output& output, const StopSignal& stop) {
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
    print_message(interruption(report.num_sentences, unit_of(*loaded.model), settings));
    return stop.exit_status();
  }
  output.commit();
  extras.commit();
  if (!settings.quiet) print_message(report_text(report, *loaded.model));
  return 0;
}

int run(int argc, char** argv) {
  StopSignal stop;  // before a file is begun, so that none is left behind
  cxxopts::Options options(kAbout.program, kAbout.summary);
  add_decode_options(options);
  auto text_options = options.add_options("Text");
  text_options("input", "Text to translate, plain or gzip, one sentence per line; - is standard input (the default)",
               cxxopts::value<std::string>(), "FILE");
  add_text_form_options(text_options, {"source"});
  text_options(
      "output-field",
      "Name of the field that is added to each object of --jsonl (default: translation; classifiers label, language models continuation)",
      cxxopts::value<std::string>(), "NAME");
  text_options("output", "Written once everything is translated (default: standard output, line by line)", cxxopts::value<std::string>(),
               "FILE");
  text_options("format", "text, or json: one object per line with scores and tokens", cxxopts::value<std::string>()->default_value("text"),
               "FORMAT");
  text_options("attention", "With --format json: the attention weights of the best translation");
  auto look_options = options.add_options("Looking at it");
  look_options(
      "explain",
      "A page for a browser: attention by layer and head, probabilities, how the search went; up to 200 lines; FILE.json: its data",
      cxxopts::value<std::string>(), "FILE.html");
  look_options("attention-svg", "A heat map for papers per line: DIR/line-1.svg ...", cxxopts::value<std::string>(), "DIR");
  look_options("alignments", "Links between words, source-target from 0: 0-0 1-2 (Pharaoh format)", cxxopts::value<std::string>(), "FILE");
  look_options(
      "attention-view",
      "Layer and head for these and --attention: cross.2.3, cross.2.mean (default: cross.last.mean, with --alignments cross.mean.mean)",
      cxxopts::value<std::string>(), "VIEW");
  add_invalid_utf8_option(text_options);
  text_options("buffer-lines", "Lines read before they are translated together; 1 answers each line of a pipe at once",
               cxxopts::value<std::string>()->default_value("2000"), "N");
  text_options("quiet", "No progress and no closing line");
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  auto settings = read_settings(arguments);
  const auto checkpoint = chosen_checkpoint(arguments);
  settings.run = arguments["run"].as<std::string>();
  const auto input_files = settings.text.files();
  const bool prompt = settings.holds<RunningText>() && input_files == FileList{"-"} && isatty(STDIN_FILENO);
  auto inputs = model_files(checkpoint);
  inputs.insert(inputs.end(), input_files.begin(), input_files.end());
  const auto check_output = [&](const char* option, const std::filesystem::path& file) {
    if (!file.empty() && file != "-") refuse_input_as_output(option, file, inputs);
  };
  check_output("--output", settings.output);
  check_output("--explain", settings.extras.explain);
  check_output("--alignments", settings.extras.alignments);
  if (prompt && settings.extras.any()) throw UsageError("--explain, --attention-svg and --alignments need --input or a pipe, not a prompt");
  // One bad line does not end a prompt.
  PairReader input(settings.text, prompt ? InvalidUtf8::kReplace : settings.invalid_utf8,
                   {.target = false, .record = !settings.holds<RunningText>()});
  Output output(settings.output);
  auto loaded = load_model(checkpoint, settings.translate.device, settings.compute);
  if (settings.output_field.empty())
    settings.output_field = loaded.model->says_label() ? "label" : loaded.model->reads_source() ? "translation" : "continuation";
  if (settings.attention && !loaded.model->reads_source())
    throw UsageError("--attention: shows attention to a source, which a language model does not have; use --explain");
  if (prompt) return run_prompt(loaded, settings, input, output);
  stop.ask_first();
  return run_stream(loaded, settings, input, output, stop);
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(kAbout.program, [&] { return run(argc, argv); });
}
