// The metrics of attnzoo-eval: their options, and their scores as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/command_line.h"
#include "data/text_reader.h"
#include "eval/bleu.h"
#include "eval/chrf.h"

namespace attnzoo {

// --tokenize, --lowercase, --chrf-word-order, --json, --invalid-utf8, and those of a report (eval/report_file.h).
void add_metric_options(cxxopts::Options& options);

struct MetricSettings {
  BleuOptions bleu;
  ChrfOptions chrf;
  bool json = false;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::kError;
};

// Throws UsageError.
MetricSettings metric_settings(const cxxopts::ParseResult& arguments);

// The score lines as `sacrebleu --format text` prints them; adds the same numbers to `results`.
std::string score_metrics(const std::vector<std::string>& hypotheses, const std::vector<std::string>& references,
                          const MetricSettings& settings, nlohmann::ordered_json& results);

// Accuracy and macro-F1 in percent; with them each label's in `results`.
std::string score_predicted_labels(const std::vector<std::string>& predictions, const std::vector<std::string>& references,
                                   nlohmann::ordered_json& results);

}  // namespace attnzoo
