// The text of attnzoo-data inspect.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/inspect.h"
#include "data/progress.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

constexpr size_t kBarColumns = 40;

double percent(int64_t part, int64_t whole) { return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }

std::string coverage_text(const Coverage& coverage) {
  const int64_t num_tokens = coverage.num_tokens, num_copied = coverage.num_copied;
  const std::string copied = num_copied == 0 ? "" : fmt::format(", copied words {:.3f}% ({})", percent(num_copied, num_tokens), num_copied);
  return fmt::format("{}, <unk> {:.3f}%{}, bytes {:.3f}%, {} of {} in use ({:.1f}%)", counted(num_tokens, "token"),
                     percent(coverage.num_unknown, num_tokens), copied, percent(coverage.num_bytes, num_tokens), coverage.num_used,
                     counted(coverage.num_usable, "piece"), percent(coverage.num_used, coverage.num_usable));
}

std::string round_trip_section(const Inspection& inspection, const PreparedData& data, const DataConfig& config) {
  const RoundTrip &source = inspection.source.round_trip, &target = inspection.target.round_trip;
  std::string text = fmt::format("\nEncoded and decoded again ({} of {} training lines)\n", std::max(source.num_lines, target.num_lines),
                                 data.train_report.num_read);
  if (has_source(config.task)) text += "  source: " + source.text() + "\n";
  if (config.task != Task::kClassification) text += "  target: " + target.text() + "\n";
  const std::string normalization = (has_source(config.task) ? data.tokenizers.source : data.tokenizers.target)->normalization();
  if (normalization.ends_with("_cf")) text += "  decoded text is in lower case\n";
  if (source.num_changed + target.num_changed > 0)
    text += fmt::format("  data.tokenizer.normalization is {}{}\n", normalization,
                        normalization == "identity" ? "" : "; identity keeps text as it is");
  return text;
}

std::string spaced(const std::vector<std::string>& pieces) {
  return fmt::format("{}{}", fmt::join(pieces, " "), pieces.empty() ? "" : " ");
}

}  // namespace

std::string length_histogram(const std::vector<int64_t>& counts) {
  const auto summary = summary_of(counts);
  if (summary.num_lines == 0) return "  no lines\n";
  std::string text =
      fmt::format("  mean {:.1f}, median {}, 99% at most {}, longest {}\n", summary.mean, summary.median, summary.p99, summary.longest);
  const auto bins = length_bins(counts, 10);
  int64_t largest = 0;
  for (const auto& bin : bins) largest = std::max(largest, bin.count);
  for (const auto& [from, to, count, tail] : bins) {
    const std::string label = tail         ? fmt::format("{} or more", from)
                              : from == to ? fmt::format("{}", from)
                                           : fmt::format("{} - {}", from, to);
    const auto bar = static_cast<size_t>(std::llround(static_cast<double>(count) / static_cast<double>(largest) * kBarColumns));
    text += fmt::format("  {:>11}  {:<{}}  {:>9} {:5.1f}%\n", label, std::string(bar, '#'), kBarColumns, count,
                        percent(count, summary.num_lines));
  }
  return text;
}

std::string inspection_text(const Inspection& inspection, const PreparedData& data, const DataConfig& config) {
  const Corpus& train = *data.train;
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  const bool source_too = has_source(config.task);
  const auto* item = item_of(config.task);
  std::string text = "Counts\n  " + data.train_report.text("train", item) + "\n";
  if (data.valid != nullptr) text += "  " + data.valid_report.text("valid", item) + "\n";
  const int64_t num_repeated = inspection.num_repeated, num_seen = inspection.num_seen;
  text += fmt::format("  train: {} {} an earlier {} ({:.2f}%)\n", counted(num_repeated, item), num_repeated == 1 ? "repeats" : "repeat",
                      item, percent(num_repeated, train.num_pairs()));
  if (data.valid != nullptr) {
    const char* what = source_too ? "source" : "line";
    text += fmt::format("  valid: {} in the training text too ({:.2f}%)\n",
                        num_seen == 1 ? fmt::format("1 {} is", what) : fmt::format("{} {}s are", num_seen, what),
                        percent(num_seen, data.valid->num_pairs()));
  }

  if (source_too)
    text += fmt::format("\nSource length of the training {}s, in tokens\n", item) + length_histogram(inspection.source.lengths);
  text += fmt::format("\n{} of the training {}s, in tokens\n", source_too ? "Target length" : "Length", item) +
          length_histogram(inspection.target.lengths);

  text += fmt::format("\nCoverage ({}, {})\n", source.kind(),
                      !source_too || data.tokenizers.joint()
                          ? fmt::format("{} pieces{}", target.vocabulary_size(), source_too ? " for both sides" : "")
                          : fmt::format("{} source and {} target pieces", source.vocabulary_size(), target.vocabulary_size()));
  if (source_too) text += "  train source: " + coverage_text(inspection.source.train) + "\n";
  text += "  train target: " + coverage_text(inspection.target.train) + "\n";
  if (source_too && inspection.source.valid) text += "  valid source: " + coverage_text(*inspection.source.valid) + "\n";
  if (inspection.target.valid) text += "  valid target: " + coverage_text(*inspection.target.valid) + "\n";

  text += round_trip_section(inspection, data, config);
  if (!inspection.samples.empty()) text += "\nWhat the model will see\n";
  for (const InspectedPair& sample : inspection.samples) {
    text += fmt::format("  line {}\n", sample.line);
    if (source_too) text += fmt::format("    source  {}{}\n", spaced(sample.source_pieces), source.piece(kEosId));
    text += fmt::format("    target  {} {}{}\n", target.piece(kBosId), spaced(sample.target_pieces), target.piece(kEosId));
    text += fmt::format("    text    {}{}{}\n", sample.source, source_too ? " ||| " : "", sample.target);
  }
  return text;
}

}  // namespace attnzoo
