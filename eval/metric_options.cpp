#include "eval/metric_options.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/option_reader.h"
#include "data/progress.h"
#include "data/text_options.h"
#include "eval/classification.h"
#include "eval/metric_tokenize.h"
#include "eval/report_file.h"

namespace attnzoo {

void add_metric_options(cxxopts::Options& options) {
  auto metrics_options = options.add_options("Metrics");
  metrics_options("tokenize", "How BLEU splits text into words: 13a, or none for tokenized text",
                  cxxopts::value<std::string>()->default_value("13a"), "NAME");
  metrics_options("lowercase", "Ignore case");
  metrics_options("chrf-word-order", "Longest word n-gram of chrF; 2 is chrF++", cxxopts::value<std::string>()->default_value("0"), "N");
  metrics_options("json", "Print one JSON object with all numbers");
  add_report_options(metrics_options);
  add_invalid_utf8_option(metrics_options);
}

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
  } catch (const ConfigError& error) {
    throw UsageError(std::string("--") + error.what());
  }
  settings.invalid_utf8 = invalid_utf8_option(arguments);
  return settings;
}

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

std::string score_predicted_labels(const std::vector<std::string>& predictions, const std::vector<std::string>& references,
                                   nlohmann::ordered_json& results) {
  const auto score = score_labels(predictions, references);
  results["classification"] = score.to_json();
  return fmt::format("accuracy = {:.2f}% ({} of {})\nmacro-F1 = {:.2f}% (mean over {})\n{}{}", 100 * score.accuracy(), score.num_correct,
                     counted(score.num_texts, "text"), 100 * score.macro_f1(), counted(static_cast<int64_t>(score.labels.size()), "label"),
                     score.table(), score.confusions());
}

}  // namespace attnzoo
