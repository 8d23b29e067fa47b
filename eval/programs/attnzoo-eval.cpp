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
#include "eval/decode_options.h"
#include "eval/evaluation_report.h"
#include "eval/metric_options.h"
#include "eval/report_file.h"
#include "eval/score_command.h"
#include "eval/scoring.h"
#include "eval/test_set.h"
#include "eval/translation_format.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

using namespace attnzoo;

namespace {

const CommandLine kAbout = {
    "attnzoo-eval",
    "Translates a test set with a trained model and scores it: BLEU and chrF as sacrebleu prints them, perplexity per target token. "
    "A classifier's labels: accuracy and macro-F1. A language model: perplexity.",
    "--run DIR --source FILE --reference FILE [OPTION...]\n"
    "  attnzoo-eval --run DIR --text FILE [OPTION...]          (a language model; or --tsv, --jsonl)\n"
    "  attnzoo-eval metrics --hypothesis FILE --reference FILE [OPTION...]\n"
    "  attnzoo-eval score --run DIR --source FILE --reference FILE [OPTION...]\n\n"
    "metrics scores a file of translations; score prints the model's log-probability of each given pair or text; see their --help.",
    {"attnzoo-eval --run runs/demo --source test.en --reference test.de",
     "attnzoo-eval --run runs/demo --source test.en.gz --reference test.de.gz --beam 5 --hypotheses-out test.hyp",
     "attnzoo-eval --run runs/lstm --run runs/transformer --source test.en --reference test.de --report scores.html",
     "attnzoo-eval --run runs/demo --jsonl test.jsonl --source-field en --target-field de --hypotheses-out test.out.jsonl",
     "attnzoo-eval score --run runs/lm --text test.txt", "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --json"},
    {},
    {"metrics", "score"}};

const CommandLine kAboutMetrics = {
    "attnzoo-eval metrics",
    "Scores a file of translations: BLEU and chrF as sacrebleu prints them.",
    "--hypothesis FILE --reference FILE [OPTION...]\n"
    "  attnzoo-eval metrics --jsonl FILE --hypothesis-field NAME --target-field NAME [OPTION...]",
    {"attnzoo-eval metrics --hypothesis test.hyp --reference test.de",
     "attnzoo-eval metrics --hypothesis test.hyp --reference test.de --lowercase --chrf-word-order 2",
     "attnzoo-eval metrics --hypothesis a.hyp --hypothesis b.hyp --reference test.de --source test.en --report scores.html",
     "attnzoo-translate --run runs/demo --input test.en | attnzoo-eval metrics --hypothesis - --reference test.de --json"}};

// What metrics scores.
struct MetricsText {
  std::vector<std::string> files;
  std::vector<EvaluatedSystem> systems;
  std::vector<std::string> references, sources;  // the latter for a report
};

MetricsText read_metrics_text(const cxxopts::ParseResult& arguments, InvalidUtf8 policy) {
  MetricsText text;
  const bool has_source_of_records = arguments.count("source-field") + arguments.count("source-column") > 0;
  if (arguments.count("source") + (has_source_of_records ? 1 : 0) > 0 && arguments.count("report") == 0)
    throw UsageError("the source is for --report; add it, or omit the source");
  if (const auto records = text_of_options(arguments, "hypothesis", "target"); !records.empty()) {
    for (const char* option : {"hypothesis", "reference", "source"})
      if (arguments.count(option) > 0) throw UsageError(fmt::format("--tsv and --jsonl hold all sides; omit --{}", option));
    text.files = records.files();
    auto set = read_records(records, policy);
    text.systems.push_back({records.name(), std::move(set.sources), {}});
    text.references = std::move(set.references);
    if (!has_source_of_records) return text;
    if (can_be_read_only_once(text.files[0]))
      throw UsageError(fmt::format("{} is read twice for a report with its source; give a file", records.name()));
    text.sources = read_records(text_of_options(arguments, "source", "target"), policy).sources;
    return text;
  }
  if (has_source_of_records) text_of_options(arguments);  // says what is missing
  if (arguments.count("hypothesis") == 0) throw UsageError("--hypothesis is needed: the file of translations to score");
  text.files = arguments["hypothesis"].as<std::vector<std::string>>();
  const auto names = text.files;
  const auto reference = required_option(arguments, "reference", "the file of reference translations");
  text.files.push_back(reference);
  if (arguments.count("source") > 0) text.files.push_back(arguments["source"].as<std::string>());
  // Each file once, since one may be a pipe.
  require_distinct_inputs(text.files);
  for (const auto& name : names) text.systems.push_back({name, read_plain_text(name, policy), {}});
  text.references = read_plain_text(reference, policy);
  for (const auto& system : text.systems) require_pairs(system.name, system.hypotheses, reference, text.references);
  if (arguments.count("source") == 0) return text;
  text.sources = read_plain_text(text.files.back(), policy);
  require_pairs(text.files.back(), text.sources, reference, text.references);
  return text;
}

// The scores on standard output; of several systems with the tests between them.
void print_results(const nlohmann::ordered_json& results, const std::string& lines, const nlohmann::json& document, bool json) {
  const bool several = results.size() > 1, tested = several && document.contains("metrics");
  if (!json) return print_output(lines + (tested ? differences_text(document) : ""));
  nlohmann::ordered_json all = several ? nlohmann::ordered_json{{"systems", results}} : results[0];
  if (tested) all["tests"] = document["metrics"];
  print_output(json_text(all, 1) + "\n");
}

int run_metrics(int argc, char** argv) {
  const StopSignal stop;  // ends it at once: nothing is written before the end
  cxxopts::Options options(kAboutMetrics.program, kAboutMetrics.summary);
  auto text_options = options.add_options();
  text_options("hypothesis", "Translations, plain or gzip, one per line; - is standard input; more than one file are compared",
               cxxopts::value<std::vector<std::string>>(), "FILE");
  text_options("reference", "Reference translations, one per line", cxxopts::value<std::string>(), "FILE");
  text_options("source", "With --report: the text that was translated", cxxopts::value<std::string>(), "FILE");
  add_text_form_options(text_options, {"hypothesis", "target", "source"});
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAboutMetrics, options, argc, argv, arguments)) return 0;
  const auto settings = metric_settings(arguments);
  const auto text = read_metrics_text(arguments, settings.invalid_utf8);
  ReportFile report(arguments, {text.files.begin(), text.files.end()});
  auto results = nlohmann::ordered_json::array();
  std::string lines;
  for (const auto& system : text.systems) {
    nlohmann::ordered_json result;
    if (text.systems.size() > 1) {
      lines += system.name + "\n";
      result["system"] = system.name;
    }
    lines += score_metrics(system.hypotheses, text.references, settings, result);
    result["sentences"] = text.references.size();
    results.push_back(std::move(result));
  }
  nlohmann::json document;
  if (report.wanted() || results.size() > 1)
    document = translation_report(text.systems, text.sources, text.references, settings.bleu, settings.chrf, report.training(),
                                  report.why_no_training());
  if (report.wanted()) report.write(document);
  print_results(results, lines, document, settings.json);
  return 0;
}

// The file of --hypotheses-out, opened before the work; null without it.
std::unique_ptr<AtomicFile> open_hypotheses(const cxxopts::ParseResult& arguments, std::vector<std::filesystem::path> inputs) {
  const auto file = output_file_option(arguments, "hypotheses-out");
  if (file.empty()) return nullptr;
  for (auto& name : test_set_files(arguments)) inputs.emplace_back(name);
  refuse_input_as_output("--hypotheses-out", file, inputs);
  return std::make_unique<AtomicFile>(file);
}

// A line with its result: plain, or put where it belongs.
std::string result_line(const TestSet& text, size_t i, const std::string& result, bool json) {
  if (text.slots.empty()) return result;
  return text.slots[i].with(json ? json_text(nlohmann::json(result)) : tab_separated(std::span(&result, 1)));
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

// How the translations were made.
void put_search(const SearchOptions& search, nlohmann::ordered_json& results) {
  if (search.sample) {
    const auto& sampling = search.sampling;
    results["sample"] = {
        {"seed", search.seed}, {"temperature", sampling.temperature}, {"top_k", sampling.top_k}, {"top_p", sampling.top_p}};
    return;
  }
  results["beam"] = search.beam;
  results["length_penalty"] = search.length_penalty;
}

Evaluation evaluate(LoadedModel& loaded, const TestSet& text, const TranslateOptions& decoding, const MetricSettings& metrics,
                    bool perplexity, const Show& show, const StopSignal& stop) {
  Evaluation evaluation;
  auto& results = evaluation.results;
  auto& hypotheses = evaluation.system.hypotheses;
  const auto task = task_of_model(*loaded.model);
  TranslateReport report;
  if (task != Task::kLanguageModel)
    for (auto& translation :
         translate(*loaded.model, loaded.tokenizers, text.sources, decoding, &report, show("translated"), &stop.requested())) {
      hypotheses.push_back(translation.text);
      if (task == Task::kClassification) evaluation.system.confidence.push_back(std::exp(translation.hypotheses.front().log_probability));
    }
  if (task == Task::kClassification)
    evaluation.lines = score_predicted_labels(hypotheses, text.references, results);
  else if (task == Task::kTranslation)
    evaluation.lines = score_metrics(hypotheses, text.references, metrics, results);
  if (perplexity) {
    evaluation.totals = score_text(*loaded.model, loaded.tokenizers, text.sources, text.references, decoding.max_source_tokens, {},
                                   decoding.device, nullptr, show("scored"), &stop.requested());
    const auto& totals = evaluation.totals;
    evaluation.lines += task == Task::kClassification
                            ? fmt::format("cross-entropy = {:.4f} nats per label\n", totals.loss())
                            : fmt::format("perplexity = {:.3f} ({:.4f} nats per target token, {} with </s>)\n", totals.perplexity(),
                                          totals.loss(), counted(totals.num_tokens, "token"));
    results["perplexity"] = {
        {"score", totals.perplexity()}, {"loss", totals.loss()}, {"accuracy", 100 * totals.accuracy()}, {"tokens", totals.num_tokens}};
  }
  results[unit_of(*loaded.model) + "s"] = text.sources.size();
  if (task == Task::kTranslation) put_search(decoding.search, results);
  results["checkpoint"] = loaded.checkpoint.string();
  results["truncated_translations"] = report.num_truncated_targets;
  results["truncated_sources"] = report.num_truncated_sources;
  results["seconds"] = report.seconds;
  if (task == Task::kTranslation)
    evaluation.closing = fmt::format(
        "{}: {}, {}", loaded.checkpoint.string(),
        decoding.search.sample ? fmt::format("sampled with seed {}", decoding.search.seed) : fmt::format("beam {}", decoding.search.beam),
        report_text(report, *loaded.model));
  if (task == Task::kClassification)
    evaluation.closing = fmt::format("{}: {}", loaded.checkpoint.string(), report_text(report, *loaded.model));
  return evaluation;
}

nlohmann::json report_of(Task task, const std::vector<EvaluatedSystem>& systems, const TestSet& text, const MetricSettings& metrics,
                         const ReportFile& report, const ScoreTotals& totals) {
  if (task == Task::kTranslation)
    return translation_report(systems, text.sources, text.references, metrics.bleu, metrics.chrf, report.training(),
                              report.why_no_training());
  if (task == Task::kClassification) return classification_report(systems, text.sources, text.references);
  std::vector<double> mean;
  for (size_t t = 0; t < totals.loss_at.size(); ++t) mean.push_back(totals.loss_at[t] / static_cast<double>(totals.tokens_at[t]));
  return language_model_report(systems[0].name, totals.loss(), totals.num_tokens, mean, totals.tokens_at);
}

// Options without effect on a model of this task, which would otherwise be taken to have had one.
void refuse_without_effect(Task task, const cxxopts::ParseResult& arguments) {
  if (task == Task::kTranslation) return;
  const auto refuse = [&](std::initializer_list<const char*> names, const char* why) {
    for (const char* name : names)
      if (arguments.count(name) > 0) throw UsageError(fmt::format("--{}: {}; omit it", name, why));
  };
  refuse({"tokenize", "lowercase", "chrf-word-order"}, "is for BLEU and chrF, which only translations have");
  if (task != Task::kLanguageModel) return;
  refuse({"hypotheses-out", "sample", "beam", "length-penalty", "min-length", "max-length", "max-length-ratio", "no-repeat-ngram",
          "patience", "batch-size"},
         "a language model's text is scored, and nothing is written in answer to it");
}

int run_model(int argc, char** argv) {
  StopSignal stop;
  cxxopts::Options options(kAbout.program, kAbout.summary);
  auto test_set_options = options.add_options("Test set");
  add_test_set_options(test_set_options);
  test_set_options("hypotheses-out", "Write the translations here; with --tsv or --jsonl, each line with the translation added",
                   cxxopts::value<std::string>(), "FILE");
  test_set_options("output-field", "Name of the field that --hypotheses-out adds to each object of --jsonl",
                   cxxopts::value<std::string>()->default_value("hypothesis"), "NAME");
  test_set_options("no-perplexity", "Do not compute the perplexity");
  test_set_options("quiet", "No progress and no closing line");
  add_decode_options(options, Runs::kSeveral);
  add_metric_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAbout, options, argc, argv, arguments)) return 0;
  const auto metrics = metric_settings(arguments);
  auto decoding = decode_options(arguments);
  const auto compute = compute_option(arguments);
  if (arguments.count("output-field") > 0 && arguments.count("jsonl") * arguments.count("hypotheses-out") == 0)
    throw UsageError("--output-field names the field that --hypotheses-out of --jsonl gets; add both, or omit it");
  const auto checkpoints = chosen_checkpoints(arguments);
  const auto runs = arguments["run"].as<std::vector<std::string>>();
  const bool several = runs.size() > 1, perplexity = arguments.count("no-perplexity") == 0, quiet = arguments.count("quiet") > 0;
  if (several && arguments.count("hypotheses-out") > 0)
    throw UsageError("--hypotheses-out holds the translations of one run; give one --run");
  std::vector<std::filesystem::path> files;
  for (const auto& checkpoint : checkpoints)
    for (auto& file : model_files(checkpoint)) files.push_back(std::move(file));
  const auto hypotheses_out = open_hypotheses(arguments, files);
  ReportFile report(arguments, files);
  std::vector<LoadedModel> models;
  for (const auto& checkpoint : checkpoints) models.push_back(load_model(checkpoint, decoding.device, compute));
  const auto task = task_of_model(*models[0].model);
  for (const auto& loaded : models)
    if (task_of_model(*loaded.model) != task)
      throw UsageError(fmt::format("{} and {} have different tasks, so their scores cannot be compared", checkpoints[0].string(),
                                   loaded.checkpoint.string()));
  refuse_without_effect(task, arguments);
  const auto text = read_test_set(task, checkpoints[0], arguments, metrics.invalid_utf8,
                                  arguments.count("hypotheses-out") > 0 ? arguments["output-field"].as<std::string>() : "");
  if (several && task == Task::kLanguageModel && report.wanted())
    throw UsageError("--report of a language model shows one run; give one --run");
  if (task == Task::kLanguageModel && report.wanted() && !perplexity)
    throw UsageError("--report of a language model shows its loss; omit --no-perplexity");

  stop.ask_first();
  auto progress = quiet ? nullptr : std::make_unique<Progress>();
  const Show show = [&](const char* what) {
    return [&, what](int64_t done) {
      if (progress)
        progress->update([&] {
          return fmt::format("{} {} of {}", what, done, counted(static_cast<int64_t>(text.sources.size()), unit_of(*models[0].model)));
        });
    };
  };
  try {
    std::vector<EvaluatedSystem> systems;
    auto results = nlohmann::ordered_json::array();
    std::string lines;
    std::vector<std::string> closing;
    ScoreTotals totals;
    for (size_t i = 0; i < models.size(); ++i) {
      auto one = evaluate(models[i], text, decoding, metrics, perplexity, show, stop);
      one.system.name = runs[i];
      lines += (several ? runs[i] + "\n" : "") + one.lines;
      if (!one.closing.empty()) closing.push_back(one.closing);
      totals += one.totals;
      systems.push_back(std::move(one.system));
      results.push_back(std::move(one.results));
      if (models[i].tokenizers.fingerprint() != models[0].tokenizers.fingerprint() && perplexity)
        print_message(fmt::format("{} and {} cut text into different tokens: their perplexities cannot be compared", runs[0], runs[i]));
    }
    if (hypotheses_out) {
      for (size_t i = 0; i < systems[0].hypotheses.size(); ++i)
        hypotheses_out->write(result_line(text, i, systems[0].hypotheses[i], arguments.count("jsonl") > 0) + "\n");
      hypotheses_out->commit();
    }
    nlohmann::json document;
    report.use_training_text_of(models[0].config);
    if (report.wanted() || (several && task != Task::kLanguageModel)) document = report_of(task, systems, text, metrics, report, totals);
    if (report.wanted()) report.write(document);
    progress.reset();
    print_results(results, lines, document, metrics.json);
    for (const auto& line : closing)
      if (!quiet) print_message(line);
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
  const std::string_view command = argc > 1 ? argv[1] : "";
  const auto program = command == "metrics" ? kAboutMetrics.program : command == "score" ? "attnzoo-eval score" : kAbout.program;
  return run_program(program, [&] {
    if (command == "metrics") return run_metrics(argc - 1, argv + 1);
    return command == "score" ? run_score(argc - 1, argv + 1) : run_model(argc, argv);
  });
}
