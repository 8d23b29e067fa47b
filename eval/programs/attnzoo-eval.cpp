// Scores a trained model on a test set, or a file of translations: BLEU, chrF, perplexity; accuracy and macro-F1 of labels.
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/progress.h"
#include "data/stop_signal.h"
#include "data/text_form.h"
#include "data/text_reader.h"
#include "eval/bleu.h"
#include "eval/chrf.h"
#include "eval/classification.h"
#include "eval/decode_options.h"
#include "eval/metric_tokenize.h"
#include "eval/scoring.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

using namespace attnzoo;

namespace {

const CommandLine kAbout = {
    "attnzoo-eval",
    "Translates a test set with a trained model and scores it: BLEU and chrF as sacrebleu prints them, perplexity per target token. "
    "A classifier's labels: accuracy and macro-F1. A language model: perplexity.",
    "--run DIR --source FILE --reference FILE [OPTION...]\n"
    "  attnzoo-eval --run DIR --text FILE [OPTION...]          (a language model)\n"
    "  attnzoo-eval metrics --hypothesis FILE --reference FILE [OPTION...]\n\n"
    "The third form scores a file of translations; see attnzoo-eval metrics --help.",
    {"attnzoo-eval --run runs/demo --source test.en --reference test.de",
     "attnzoo-eval --run runs/demo --source test.en.gz --reference test.de.gz --beam 5 --hypotheses-out test.hyp",
     "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --json"}};

const CommandLine kAboutMetrics = {
    "attnzoo-eval metrics",
    "Scores a file of translations: BLEU and chrF as sacrebleu prints them.",
    "--hypothesis FILE --reference FILE [OPTION...]",
    {"attnzoo-eval metrics --hypothesis test.hyp --reference test.de",
     "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --lowercase --chrf-word-order 2",
     "attnzoo-translate --run runs/demo --input test.en | attnzoo-eval metrics --hypothesis - --reference test.de --json"}};

void add_metric_options(cxxopts::Options& options) {
  auto metrics_options = options.add_options("Metrics");
  metrics_options("tokenize", "How BLEU splits text into words: 13a, or none for tokenized text",
                  cxxopts::value<std::string>()->default_value("13a"), "NAME");
  metrics_options("lowercase", "Ignore case");
  metrics_options("chrf-word-order", "Longest word n-gram of chrF; 2 is chrF++", cxxopts::value<std::string>()->default_value("0"), "N");
  metrics_options("json", "Print one JSON object with all numbers");
  metrics_options("invalid-utf8", "error, or replace: bytes that are not UTF-8 become U+FFFD",
                  cxxopts::value<std::string>()->default_value("error"), "POLICY");
}

struct MetricSettings {
  BleuOptions bleu;
  ChrfOptions chrf;
  bool json = false;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::kError;
};

MetricSettings metric_settings(const cxxopts::ParseResult& arguments) {
  MetricSettings settings;
  settings.bleu.tokenize = arguments["tokenize"].as<std::string>();
  settings.bleu.lowercase = settings.chrf.lowercase = arguments.count("lowercase") > 0;
  OptionReader options(arguments);
  settings.chrf.word_order = options.integer("chrf-word-order", {0, 20});
  options.finish();
  settings.json = arguments.count("json") > 0;
  try {
    metric_tokenize(U"", settings.bleu.tokenize);
    settings.invalid_utf8 = parse_invalid_utf8(arguments["invalid-utf8"].as<std::string>());
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    throw UsageError(message.rfind("tokenize", 0) == 0 ? "--" + message : message);
  }
  return settings;
}

std::string required(const cxxopts::ParseResult& arguments, const std::string& option, const std::string& what) {
  if (arguments.count(option) == 0) throw UsageError(fmt::format("--{} is needed: {}", option, what));
  return arguments[option].as<std::string>();
}

// Both sides of a test set, equally long.
struct TextPair {
  std::vector<std::string> first, second;
};

std::string line_count(const std::vector<std::string>& lines) { return counted(static_cast<int64_t>(lines.size()), "line"); }

// A small file of plain text, with a warning where it looks like another form.
std::vector<std::string> read_plain_text(const std::string& file, InvalidUtf8 policy) {
  auto lines = read_lines(file, policy);
  warn_of_other_form(file == "-" ? "standard input" : file, lines);
  return lines;
}

TextPair read_text_pair(const std::string& first, const std::string& second, InvalidUtf8 policy) {
  require_distinct_inputs({first, second});
  TextPair text = {read_plain_text(first, policy), read_plain_text(second, policy)};
  if (text.first.empty() && text.second.empty()) fail<DataError>("{}: empty; there is nothing to score", first);
  if (text.first.size() != text.second.size())
    fail<DataError>("{} has {} and {} has {}; line i of one belongs to line i of the other, so equal counts are needed", first,
                    line_count(text.first), second, line_count(text.second));
  return text;
}

// The score lines as `sacrebleu --format text` prints them; adds the same numbers to `results`.
std::string score_metrics(const std::vector<std::string>& hypotheses, const std::vector<std::string>& references,
                          const MetricSettings& settings, nlohmann::ordered_json& results) {
  const auto bleu = corpus_bleu(hypotheses, references, settings.bleu);
  const auto chrf = corpus_chrf(hypotheses, references, settings.chrf);
  results["bleu"] = {{"score", bleu.score},
                     {"signature", bleu.signature},
                     {"text", bleu.text()},
                     {"precisions", bleu.precisions},
                     {"brevity_penalty", bleu.brevity_penalty},
                     {"hypothesis_length", bleu.hypothesis_length},
                     {"reference_length", bleu.reference_length}};
  results["chrf"] = {{"score", chrf.score}, {"name", chrf.name}, {"signature", chrf.signature}, {"text", chrf.text()}};
  return fmt::format("BLEU|{}{}\n{}|{}{}\n", bleu.signature, bleu.text().substr(4), chrf.name, chrf.signature,
                     chrf.text().substr(chrf.name.size()));
}

// Accuracy and macro-F1 in percent; with them each label's in `results`.
std::string score_predicted_labels(const std::vector<std::string>& predictions, const std::vector<std::string>& references,
                                   nlohmann::ordered_json& results) {
  const auto score = score_labels(predictions, references);
  results["classification"] = score.to_json();
  return fmt::format("accuracy = {:.2f}% ({} of {})\nmacro-F1 = {:.2f}% (mean over {})\n", 100 * score.accuracy(), score.num_correct,
                     counted(score.num_texts, "text"), 100 * score.macro_f1(), counted(static_cast<int64_t>(score.labels.size()), "label"));
}

// The test set that the options name: a language model's text is both sides.
TextPair read_test_set(const cxxopts::ParseResult& arguments, InvalidUtf8 policy) {
  if (arguments.count("text") > 0) {
    if (arguments.count("source") + arguments.count("reference") > 0)
      throw UsageError("--text is the whole test set of a language model; omit --source and --reference");
    const auto lines = read_plain_text(arguments["text"].as<std::string>(), policy);
    if (lines.empty()) fail<DataError>("{}: empty; there is nothing to score", arguments["text"].as<std::string>());
    return {lines, lines};
  }
  const auto source = required(arguments, "source", "the text to translate");
  return read_text_pair(source, required(arguments, "reference", "the reference translations"), policy);
}

int run_metrics(int argc, char** argv) {
  const StopSignal stop;
  cxxopts::Options options(kAboutMetrics.program, kAboutMetrics.summary);
  auto text_options = options.add_options();
  text_options("hypothesis", "Translations, plain or gzip, one per line; - is standard input", cxxopts::value<std::string>(), "FILE");
  text_options("reference", "Reference translations, one per line", cxxopts::value<std::string>(), "FILE");
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAboutMetrics, options, argc, argv, arguments)) return 0;
  const auto settings = metric_settings(arguments);
  const auto hypothesis = required(arguments, "hypothesis", "the file of translations to score");
  const auto text =
      read_text_pair(hypothesis, required(arguments, "reference", "the file of reference translations"), settings.invalid_utf8);
  nlohmann::ordered_json results;
  const auto lines = score_metrics(text.first, text.second, settings, results);
  results["sentences"] = text.first.size();
  print_output(settings.json ? json_text(results, 1) + "\n" : lines);
  return 0;
}

// The file of --hypotheses-out, opened before the work; null without it.
std::unique_ptr<AtomicFile> open_hypotheses(const cxxopts::ParseResult& arguments, const std::filesystem::path& checkpoint) {
  if (arguments.count("hypotheses-out") == 0) return nullptr;
  const std::filesystem::path file = arguments["hypotheses-out"].as<std::string>();
  auto inputs = model_files(checkpoint);
  for (const char* option : {"source", "reference", "text"})
    if (arguments.count(option) > 0) inputs.emplace_back(arguments[option].as<std::string>());
  refuse_input_as_output("--hypotheses-out", file, inputs);
  return std::make_unique<AtomicFile>(file);
}

int run_model(int argc, char** argv) {
  StopSignal stop;
  cxxopts::Options options(kAbout.program, kAbout.summary);
  auto test_set_options = options.add_options("Test set");
  test_set_options("source", "Text to translate, plain or gzip, one sentence per line", cxxopts::value<std::string>(), "FILE");
  test_set_options("reference", "Reference translations, one per line", cxxopts::value<std::string>(), "FILE");
  test_set_options("text", "Text to score with a language model, instead of --source and --reference", cxxopts::value<std::string>(),
                   "FILE");
  test_set_options("hypotheses-out", "Write the translations here", cxxopts::value<std::string>(), "FILE");
  test_set_options("no-perplexity", "Do not compute the perplexity");
  test_set_options("quiet", "No progress and no closing line");
  add_decode_options(options);
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  const auto metrics = metric_settings(arguments);
  auto decoding = decode_options(arguments);
  const auto text = read_test_set(arguments, metrics.invalid_utf8);
  const auto checkpoint = chosen_checkpoint(arguments);
  const auto num_lines = text.first.size();
  const auto hypotheses_out = open_hypotheses(arguments, checkpoint);
  auto loaded = load_model(checkpoint, decoding.device);
  const bool decodes = loaded.model->reads_source();
  if (decodes == (arguments.count("text") > 0))
    throw UsageError(
        decodes ? fmt::format("--text is for language models; {} reads a source: give --source and --reference", checkpoint.string())
                : fmt::format("{} is a language model; give its text with --text", checkpoint.string()));

  stop.ask_first();
  const bool quiet = arguments.count("quiet") > 0;
  auto progress = quiet ? nullptr : std::make_unique<Progress>();
  const auto show = [&](const char* what) {
    return [&, what](int64_t done) {
      if (progress)
        progress->update([&] { return fmt::format("{} {} of {}", what, done, counted(static_cast<int64_t>(num_lines), "sentence")); });
    };
  };
  try {
    TranslateReport report;
    std::vector<Translation> translations;
    if (decodes)
      translations = translate(*loaded.model, loaded.tokenizers, text.first, decoding, &report, show("translated"), &stop.requested());
    std::vector<std::string> hypotheses;
    for (const auto& translation : translations) hypotheses.push_back(translation.text);
    if (hypotheses_out) {
      for (const auto& line : hypotheses) hypotheses_out->write(line + "\n");
      hypotheses_out->commit();
    }

    nlohmann::ordered_json results;
    std::string lines;
    if (loaded.model->says_label())
      lines = score_predicted_labels(hypotheses, text.second, results);
    else if (decodes)
      lines = score_metrics(hypotheses, text.second, metrics, results);
    if (arguments.count("no-perplexity") == 0) {
      const auto totals = score_text(*loaded.model, loaded.tokenizers, text.first, text.second, decoding.max_source_tokens, {},
                                     decoding.device, nullptr, show("scored"), &stop.requested());
      lines += loaded.model->says_label() ? fmt::format("cross-entropy = {:.4f} nats per label\n", totals.loss())
                                          : fmt::format("perplexity = {:.3f} ({:.4f} nats per target token, {} with </s>)\n",
                                                        totals.perplexity(), totals.loss(), counted(totals.num_tokens, "token"));
      results["perplexity"] = {
          {"score", totals.perplexity()}, {"loss", totals.loss()}, {"accuracy", 100 * totals.accuracy()}, {"tokens", totals.num_tokens}};
    }
    results["sentences"] = num_lines;
    results["beam"] = decoding.search.beam;
    results["length_penalty"] = decoding.search.length_penalty;
    results["checkpoint"] = loaded.checkpoint.string();
    results["truncated_translations"] = report.num_truncated_targets;
    results["truncated_sources"] = report.num_truncated_sources;
    results["seconds"] = report.seconds;
    progress.reset();
    print_output(metrics.json ? json_text(results, 1) + "\n" : lines);
    if (!quiet && decodes)
      print_message(fmt::format("{}: beam {}, {}", loaded.checkpoint.string(), decoding.search.beam, report_text(report)));
    return 0;
  } catch (const Error&) {
    if (!stop.requested()) throw;
    progress.reset();
    print_message("attnzoo-eval: interrupted");
    return stop.exit_status();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool metrics = argc > 1 && std::strcmp(argv[1], "metrics") == 0;
  return run_program(metrics ? kAboutMetrics.program : kAbout.program,
                     [&] { return metrics ? run_metrics(argc - 1, argv + 1) : run_model(argc, argv); });
}
