// What `attnzoo-data inspect` prints.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/inspect.h"
#include "data/progress.h"

namespace attnzoo {
namespace {

constexpr size_t kBarColumns = 40;
constexpr size_t kMisalignedShown = 3;

double percent(int64_t part, int64_t whole) { return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }

std::string coverage_line(const Coverage& c) {
  const std::string copied =
      c.num_copied == 0 ? "" : fmt::format(", copied words {:.3f}% ({})", percent(c.num_copied, c.num_tokens), c.num_copied);
  return fmt::format("  {} {}: {}, <unk> {:.3f}%{}, bytes {:.3f}%, {} of {} in use ({:.1f}%)\n", c.corpus, c.side,
                     counted(c.num_tokens, "token"), percent(c.num_unknown, c.num_tokens), copied, percent(c.num_bytes, c.num_tokens),
                     c.num_used, counted(c.num_usable, "piece"), percent(c.num_used, c.num_usable));
}

std::string round_trip_section(const Inspection& inspection) {
  const auto &source = inspection.source_round_trip, &target = inspection.target_round_trip;
  std::string text = fmt::format("\nEncoded and decoded again ({} of {} training lines)\n", std::max(source.num_lines, target.num_lines),
                                 inspection.train_report.num_read);
  if (inspection.task != Task::kLanguageModel) text += "  source: " + source.text() + "\n";
  if (inspection.task != Task::kClassification) text += "  target: " + target.text() + "\n";
  if (inspection.normalization.ends_with("_cf")) text += "  decoded text is in lower case\n";
  if (source.num_changed + target.num_changed > 0)
    text += fmt::format("  data.tokenizer.normalization is {}{}\n", inspection.normalization,
                        inspection.normalization == "identity" ? "" : "; identity keeps text as it is");
  return text;
}

std::string misalignment_section(const Misalignment& found) {
  if (found.num_suspicious == 0) return "";
  std::string text = fmt::format("\nPerhaps misaligned: {} of {} looked at ({:.2f}%)\n", found.num_suspicious,
                                 counted(found.num_pairs, "pair"), percent(found.num_suspicious, found.num_pairs));
  for (size_t i = 0; i < std::min(kMisalignedShown, found.examples.size()); ++i) {
    const auto& pair = found.examples[i];
    text += fmt::format("  {} ({}): {} ||| {}\n", pair.place, pair.why, pair.source, pair.target);
  }
  return text;
}

}  // namespace

LengthFigures length_figures(const std::vector<int64_t>& counts) {
  LengthFigures figures;
  int64_t num_tokens = 0;
  for (size_t length = 0; length < counts.size(); ++length) {
    figures.num_lines += counts[length];
    num_tokens += counts[length] * static_cast<int64_t>(length);
  }
  if (figures.num_lines == 0) return figures;
  const auto quantile = [&](double share) {
    int64_t seen = 0;
    for (size_t length = 0; length < counts.size(); ++length) {
      seen += counts[length];
      if (static_cast<double>(seen) >= share * static_cast<double>(figures.num_lines)) return length;
    }
    return counts.size() - 1;
  };
  figures.mean = static_cast<double>(num_tokens) / static_cast<double>(figures.num_lines);
  figures.median = quantile(0.5);
  figures.p99 = quantile(0.99);
  figures.longest = quantile(1);
  return figures;
}

std::string length_histogram(const std::vector<int64_t>& counts) {
  const auto [num_lines, mean, median, p99, longest] = length_figures(counts);
  if (num_lines == 0) return "  no lines\n";
  std::string text = fmt::format("  mean {:.1f}, median {}, 99% at most {}, longest {}\n", mean, median, p99, longest);
  // About ten rows up to the 99th percentile; the long tail beyond is one row.
  const size_t width = std::max<size_t>(1, (p99 + 10) / 10);
  std::vector<std::pair<std::string, int64_t>> rows;
  for (size_t begin = 0; begin <= p99; begin += width) {
    const size_t end = std::min(begin + width, longest + 1);
    int64_t count = 0;
    for (size_t length = begin; length < end; ++length) count += counts[length];
    rows.emplace_back(width == 1 ? fmt::format("{}", begin) : fmt::format("{} - {}", begin, begin + width - 1), count);
  }
  const size_t tail = rows.size() * width;
  int64_t tail_count = 0;
  for (size_t length = tail; length <= longest; ++length) tail_count += counts[length];
  if (tail_count > 0) rows.emplace_back(fmt::format("{} or more", tail), tail_count);

  int64_t largest = 0;
  for (const auto& row : rows) largest = std::max(largest, row.second);
  for (const auto& [label, count] : rows) {
    const auto bar = static_cast<size_t>(std::llround(static_cast<double>(count) / static_cast<double>(largest) * kBarColumns));
    text += fmt::format("  {:>11}  {:<{}}  {:>9} {:5.1f}%\n", label, std::string(bar, '#'), kBarColumns, count, percent(count, num_lines));
  }
  return text;
}

std::string inspection_text(const Inspection& inspection) {
  std::string text = "Counts\n  " + inspection.train_report.text("train") + "\n";
  if (inspection.has_valid) text += "  " + inspection.valid_report.text("valid") + "\n";
  text += fmt::format("  train: {} an earlier pair ({:.2f}%)\n",
                      inspection.num_repeated == 1 ? "1 pair repeats" : fmt::format("{} pairs repeat", inspection.num_repeated),
                      percent(inspection.num_repeated, inspection.num_train));
  if (inspection.has_valid)
    text += fmt::format("  valid: {} in the training text too ({:.2f}%)\n",
                        inspection.num_seen == 1 ? "1 source is" : fmt::format("{} sources are", inspection.num_seen),
                        percent(inspection.num_seen, inspection.num_valid));
  text += "\nSource length of the training pairs, in tokens\n" + length_histogram(inspection.source_lengths);
  text += "\nTarget length of the training pairs, in tokens\n" + length_histogram(inspection.target_lengths);
  text += fmt::format("\nCoverage ({})\n", inspection.tokenizer);
  for (const auto& coverage : inspection.coverage) text += coverage_line(coverage);
  text += round_trip_section(inspection) + misalignment_section(inspection.misalignment);
  if (!inspection.samples.empty()) text += "\nWhat the model will see\n";
  for (const auto& sample : inspection.samples) {
    text += fmt::format("  line {}\n    source  {}\n    target  {}\n    text    {} ||| {}\n", sample.line, sample.source_pieces,
                        sample.target_pieces, sample.source, sample.target);
  }
  return text;
}

}  // namespace attnzoo
