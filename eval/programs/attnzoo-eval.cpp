// Scores a trained model on a test set, or a file of translations: BLEU, chrF, perplexity; accuracy and macro-F1 of labels.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <functional>
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
#include "eval/evaluation_report.h"
#include "eval/evaluation_report_file.h"
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
     "attnzoo-eval --run runs/lstm --run runs/transformer --source test.en --reference test.de --report scores.html",
     "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --json"}};

const CommandLine kAboutMetrics = {
    "attnzoo-eval metrics",
    "Scores a file of translations: BLEU and chrF as sacrebleu prints them.",
    "--hypothesis FILE --reference FILE [OPTION...]",
    {"attnzoo-eval metrics --hypothesis test.hyp --reference test.de",
     "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --lowercase --chrf-word-order 2",
     "attnzoo-eval metrics --hypothesis a.hyp --hypothesis b.hyp --reference test.de --source test.en --report scores.html",
     "attnzoo-translate --run runs/demo --input test.en | attnzoo-eval metrics --hypothesis - --reference test.de --json"}};

void add_metric_options(cxxopts::Options& options) {
  auto metrics_options = options.add_options("Metrics");
  metrics_options("tokenize", "How BLEU splits text into words: 13a, or none for tokenized text",
                  cxxopts::value<std::string>()->default_value("13a"), "NAME");
  metrics_options("lowercase", "Ignore case");
  metrics_options("chrf-word-order", "Longest word n-gram of chrF; 2 is chrF++", cxxopts::value<std::string>()->default_value("0"), "N");
  metrics_options("json", "Print one JSON object with all numbers");
  add_report_options(metrics_options);
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

// Two files of which line i of one belongs to line i of the other.
void require_pairs(const std::string& first, const std::vector<std::string>& first_lines, const std::string& second,
                   const std::vector<std::string>& second_lines) {
  if (first_lines.empty() && second_lines.empty()) fail<DataError>("{}: empty; there is nothing to score", first);
  if (first_lines.size() != second_lines.size())
    fail<DataError>("{} has {} and {} has {}; line i of one belongs to line i of the other, so equal counts are needed", first,
                    line_count(first_lines), second, line_count(second_lines));
}

TextPair read_text_pair(const std::string& first, const std::string& second, InvalidUtf8 policy) {
  require_distinct_inputs({first, second});
  TextPair text = {read_plain_text(first, policy), read_plain_text(second, policy)};
  require_pairs(first, text.first, second, text.second);
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
  return fmt::format("accuracy = {:.2f}% ({} of {})\nmacro-F1 = {:.2f}% (mean over {})\n{}", 100 * score.accuracy(), score.num_correct,
                     counted(score.num_texts, "text"), 100 * score.macro_f1(), counted(static_cast<int64_t>(score.labels.size()), "label"),
                     score.table());
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
  text_options("hypothesis", "Translations, plain or gzip, one per line; - is standard input; more than one file are compared",
               cxxopts::value<std::vector<std::string>>(), "FILE");
  text_options("reference", "Reference translations, one per line", cxxopts::value<std::string>(), "FILE");
  text_options("source", "With --report: the text that was translated", cxxopts::value<std::string>(), "FILE");
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAboutMetrics, options, argc, argv, arguments)) return 0;
  const auto settings = metric_settings(arguments);
  if (arguments.count("hypothesis") == 0) throw UsageError("--hypothesis is needed: the file of translations to score");
  const auto files = arguments["hypothesis"].as<std::vector<std::string>>();
  const auto reference = required(arguments, "reference", "the file of reference translations");
  if (arguments.count("source") > 0 && arguments.count("report") == 0)
    throw UsageError("--source is for --report; add it, or omit --source");
  EvaluationReportFile report(arguments, {files.begin(), files.end()});
  // Each file once, since one may be a pipe.
  auto inputs = files;
  inputs.push_back(reference);
  const auto source = arguments.count("source") > 0 ? arguments["source"].as<std::string>() : "";
  if (!source.empty()) inputs.push_back(source);
  require_distinct_inputs(inputs);
  std::vector<EvaluatedSystem> systems;
  for (const auto& file : files) systems.push_back({file, read_plain_text(file, settings.invalid_utf8), {}});
  const auto references = read_plain_text(reference, settings.invalid_utf8);
  for (const auto& system : systems) require_pairs(system.name, system.hypotheses, reference, references);
  std::vector<std::string> sources;
  if (!source.empty()) {
    sources = read_plain_text(source, settings.invalid_utf8);
    require_pairs(source, sources, reference, references);
  }
  auto results = nlohmann::ordered_json::array();
  std::string lines;
  for (const auto& system : systems) {
    nlohmann::ordered_json result;
    if (systems.size() > 1) {
      lines += system.name + "\n";
      result["system"] = system.name;
    }
    lines += score_metrics(system.hypotheses, references, settings, result);
    result["sentences"] = references.size();
    results.push_back(std::move(result));
  }
  if (report.wanted())
    report.write(
        translation_report(systems, sources, references, settings.bleu, settings.chrf, report.training(), report.why_no_training()));
  print_output(settings.json ? json_text(results.size() == 1 ? results[0] : nlohmann::ordered_json{{"systems", results}}, 1) + "\n"
                             : lines);
  return 0;
}

// The file of --hypotheses-out, opened before the work; null without it.
std::unique_ptr<AtomicFile> open_hypotheses(const cxxopts::ParseResult& arguments, std::vector<std::filesystem::path> inputs) {
  if (arguments.count("hypotheses-out") == 0) return nullptr;
  const std::filesystem::path file = arguments["hypotheses-out"].as<std::string>();
  for (const char* option : {"source", "reference", "text"})
    if (arguments.count(option) > 0) inputs.emplace_back(arguments[option].as<std::string>());
  refuse_input_as_output("--hypotheses-out", file, inputs);
  return std::make_unique<AtomicFile>(file);
}

enum class ModelTask { kTranslation, kLabels, kRunningText };
ModelTask task_of_model(const Seq2SeqModel& model) {
  return model.says_label() ? ModelTask::kLabels : model.reads_source() ? ModelTask::kTranslation : ModelTask::kRunningText;
}

// What one run gave.
struct Evaluation {
  EvaluatedSystem system;
  nlohmann::ordered_json results;
  std::string lines, closing;
  ScoreTotals totals;
};

// "translated 12 of 100 sentences": what is shown while a run is scored.
using Show = std::function<std::function<void(int64_t)>(const char* what)>;

Evaluation evaluate(LoadedModel& loaded, const TextPair& text, const TranslateOptions& decoding, const MetricSettings& metrics,
                    bool perplexity, const Show& show, const StopSignal& stop) {
  Evaluation evaluation;
  auto& results = evaluation.results;
  auto& hypotheses = evaluation.system.hypotheses;
  const auto task = task_of_model(*loaded.model);
  TranslateReport report;
  if (task != ModelTask::kRunningText)
    for (auto& translation :
         translate(*loaded.model, loaded.tokenizers, text.first, decoding, &report, show("translated"), &stop.requested())) {
      hypotheses.push_back(translation.text);
      if (task == ModelTask::kLabels) evaluation.system.confidence.push_back(std::exp(translation.hypotheses.front().log_probability));
    }
  if (task == ModelTask::kLabels)
    evaluation.lines = score_predicted_labels(hypotheses, text.second, results);
  else if (task == ModelTask::kTranslation)
    evaluation.lines = score_metrics(hypotheses, text.second, metrics, results);
  if (perplexity) {
    evaluation.totals = score_text(*loaded.model, loaded.tokenizers, text.first, text.second, decoding.max_source_tokens, {},
                                   decoding.device, nullptr, show("scored"), &stop.requested());
    const auto& totals = evaluation.totals;
    evaluation.lines += task == ModelTask::kLabels ? fmt::format("cross-entropy = {:.4f} nats per label\n", totals.loss())
                                                   : fmt::format("perplexity = {:.3f} ({:.4f} nats per target token, {} with </s>)\n",
                                                                 totals.perplexity(), totals.loss(), counted(totals.num_tokens, "token"));
    results["perplexity"] = {
        {"score", totals.perplexity()}, {"loss", totals.loss()}, {"accuracy", 100 * totals.accuracy()}, {"tokens", totals.num_tokens}};
  }
  results["sentences"] = text.first.size();
  if (task != ModelTask::kLabels) {
    results["beam"] = decoding.search.beam;
    results["length_penalty"] = decoding.search.length_penalty;
  }
  results["checkpoint"] = loaded.checkpoint.string();
  results["truncated_translations"] = report.num_truncated_targets;
  results["truncated_sources"] = report.num_truncated_sources;
  results["seconds"] = report.seconds;
  if (task == ModelTask::kTranslation)
    evaluation.closing = fmt::format("{}: beam {}, {}", loaded.checkpoint.string(), decoding.search.beam, report_text(report));
  if (task == ModelTask::kLabels) evaluation.closing = fmt::format("{}: {}", loaded.checkpoint.string(), report_text(report));
  return evaluation;
}

nlohmann::json report_of(ModelTask task, const std::vector<EvaluatedSystem>& systems, const TextPair& text, const MetricSettings& metrics,
                         const EvaluationReportFile& report, const ScoreTotals& totals) {
  if (task == ModelTask::kTranslation)
    return translation_report(systems, text.first, text.second, metrics.bleu, metrics.chrf, report.training(), report.why_no_training());
  if (task == ModelTask::kLabels) return classification_report(systems, text.first, text.second);
  std::vector<double> mean;
  for (size_t t = 0; t < totals.loss_at.size(); ++t) mean.push_back(totals.loss_at[t] / static_cast<double>(totals.tokens_at[t]));
  return language_model_report(systems[0].name, totals.loss(), totals.num_tokens, mean, totals.tokens_at);
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
  add_decode_options(options, Runs::kSeveral);
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  const auto metrics = metric_settings(arguments);
  auto decoding = decode_options(arguments);
  const auto text = read_test_set(arguments, metrics.invalid_utf8);
  const auto checkpoints = chosen_checkpoints(arguments);
  const auto runs = arguments["run"].as<std::vector<std::string>>();
  const bool several = runs.size() > 1, perplexity = arguments.count("no-perplexity") == 0, quiet = arguments.count("quiet") > 0;
  if (several && arguments.count("hypotheses-out") > 0)
    throw UsageError("--hypotheses-out holds the translations of one run; give one --run");
  std::vector<std::filesystem::path> files;
  for (const auto& checkpoint : checkpoints)
    for (auto& file : model_files(checkpoint)) files.push_back(std::move(file));
  const auto hypotheses_out = open_hypotheses(arguments, files);
  EvaluationReportFile report(arguments, files);
  std::vector<LoadedModel> models;
  for (const auto& checkpoint : checkpoints) models.push_back(load_model(checkpoint, decoding.device));
  const auto task = task_of_model(*models[0].model);
  for (const auto& loaded : models)
    if (task_of_model(*loaded.model) != task)
      throw UsageError(fmt::format("{} and {} have different tasks, so their scores cannot be compared", checkpoints[0].string(),
                                   loaded.checkpoint.string()));
  if ((task != ModelTask::kRunningText) == (arguments.count("text") > 0))
    throw UsageError(
        task != ModelTask::kRunningText
            ? fmt::format("--text is for language models; {} reads a source: give --source and --reference", checkpoints[0].string())
            : fmt::format("{} is a language model; give its text with --text", checkpoints[0].string()));
  if (several && task == ModelTask::kRunningText && report.wanted())
    throw UsageError("--report of a language model shows one run; give one --run");
  if (task == ModelTask::kRunningText && report.wanted() && !perplexity)
    throw UsageError("--report of a language model shows its loss; omit --no-perplexity");

  stop.ask_first();
  auto progress = quiet ? nullptr : std::make_unique<Progress>();
  const Show show = [&](const char* what) {
    return [&, what](int64_t done) {
      if (progress)
        progress->update([&] {
          return fmt::format("{} {} of {}", what, done,
                             counted(static_cast<int64_t>(text.first.size()), task == ModelTask::kLabels ? "text" : "sentence"));
        });
    };
  };
  try {
    std::vector<EvaluatedSystem> systems;
    auto results = nlohmann::ordered_json::array();
    std::string lines, closing;
    ScoreTotals totals;
    for (size_t i = 0; i < models.size(); ++i) {
      auto one = evaluate(models[i], text, decoding, metrics, perplexity, show, stop);
      one.system.name = runs[i];
      lines += (several ? runs[i] + "\n" : "") + one.lines;
      closing += (closing.empty() || one.closing.empty() ? "" : "\n") + one.closing;
      totals += one.totals;
      systems.push_back(std::move(one.system));
      results.push_back(std::move(one.results));
      if (models[i].tokenizers.fingerprint() != models[0].tokenizers.fingerprint() && perplexity)
        print_message(fmt::format("{} and {} cut text into different tokens: their perplexities cannot be compared", runs[0], runs[i]));
    }
    if (hypotheses_out) {
      for (const auto& line : systems[0].hypotheses) hypotheses_out->write(line + "\n");
      hypotheses_out->commit();
    }
    if (report.wanted()) {
      report.use_training_text_of(models[0].config);
      report.write(report_of(task, systems, text, metrics, report, totals));
    }
    progress.reset();
    print_output(metrics.json ? json_text(several ? nlohmann::ordered_json{{"systems", results}} : results[0], 1) + "\n" : lines);
    if (!quiet && !closing.empty()) print_message(closing);
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
