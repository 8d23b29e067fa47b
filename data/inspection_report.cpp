#include "data/inspection_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/page.h"
#include "data/special_tokens.h"
#include "data/text_findings.h"
#include "data/utf8.h"

namespace attnzoo {

namespace pages {
extern const std::string_view kInspection;
}

namespace {

using nlohmann::json;

constexpr size_t kLengthBins = 40, kMaxPieces = 100, kMaxMissing = 100, kMaxLabels = 300, kMaxPieceCharacters = 60;
constexpr size_t kMaxSamples = 20, kMaxSamplePieces = 200;

double rounded(double value) { return std::round(value * 1000) / 1000; }

json lengths_json(const std::vector<int64_t>& counts) {
  const auto summary = summary_of(counts);
  json bins = json::array();
  for (const auto& [from, to, count, tail] : length_bins(counts, kLengthBins))
    bins.push_back({{"from", from}, {"to", to}, {"count", count}, {"tail", tail}});
  return {{"lines", summary.num_lines}, {"mean", rounded(summary.mean)}, {"median", summary.median},
          {"p99", summary.p99},         {"longest", summary.longest},    {"bins", std::move(bins)}};
}

json coverage_json(const char* part, const char* side, const Coverage& coverage) {
  return {{"part", part},
          {"side", side},
          {"tokens", coverage.num_tokens},
          {"unknown", coverage.num_unknown},
          {"copied", coverage.num_copied},
          {"bytes", coverage.num_bytes},
          {"pieces_used", coverage.num_used},
          {"pieces", coverage.num_usable}};
}

// The most frequent ones first; of equal ones, the first in order of `name`.
template <class Key>
void keep_most_frequent(std::vector<std::pair<Key, int64_t>>& counts, size_t most) {
  const auto end = counts.begin() + static_cast<std::ptrdiff_t>(std::min(most, counts.size()));
  std::partial_sort(counts.begin(), end, counts.end(),
                    [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  counts.erase(end, counts.end());
}

json missing_json(const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<std::string, int64_t>> list(counts.begin(), counts.end());
  keep_most_frequent(list, kMaxMissing);
  json texts = json::array();
  for (const auto& [text, count] : list) texts.push_back({{"text", text}, {"count", count}});
  return {{"distinct", counts.size()}, {"most_frequent", std::move(texts)}};
}

json pieces_json(const Coverage& coverage, const Tokenizer& tokenizer) {
  std::vector<std::pair<size_t, int64_t>> list;
  for (size_t id = kNumSpecialTokens; id < coverage.uses.size(); ++id)
    if (coverage.uses[id] > 0) list.emplace_back(id, coverage.uses[id]);
  keep_most_frequent(list, kMaxPieces);
  json pieces = json::array();
  for (const auto& [id, count] : list)
    pieces.push_back({{"piece", shorten(tokenizer.piece(static_cast<int32_t>(id)), kMaxPieceCharacters)}, {"count", count}});
  return pieces;
}

json shown_json(const ShownPair& pair, bool source_too) {
  json shown = {{"file", pair.file}, {"line", pair.file_line}, {"target", pair.target}};
  if (source_too) shown["source"] = pair.source;
  return shown;
}

json cleaning_json(const CleaningReport& report, const TextFindings* findings, bool source_too) {
  json cleaning = report.to_json();
  for (size_t reason = 0; findings != nullptr && reason < findings->of_reasons.size(); ++reason) {
    json examples = json::array();
    for (const auto& pair : findings->of_reasons[reason]) examples.push_back(shown_json(pair, source_too));
    cleaning["reasons"][reason]["examples"] = std::move(examples);
  }
  return cleaning;
}

json ratios_json(const Corpus& corpus) {
  const auto ratios = length_ratios(corpus);
  json above = json::array();
  for (size_t k = 0; k < ratios.above.size(); ++k) above.push_back({{"ratio", LengthRatios::kLimits[k]}, {"pairs", ratios.above[k]}});
  return {{"names", {"under 1/4", "1/4-1/3", "1/3-1/2", "1/2-2/3", "2/3-4/5", "4/5-5/4", "1.25-1.5", "1.5-2", "2-3", "3-4", "4 or more"}},
          {"counts", ratios.counts},
          {"empty", ratios.num_empty},
          {"above", std::move(above)}};
}

json misaligned_json(const MisalignedPairs& found) {
  json pairs = json::array();
  for (const auto& suspicious : found.worst) {
    json pair = shown_json(suspicious.pair, true), clues = json::object();
    for (size_t clue = 0; clue < kNumClues; ++clue) clues[kClueNames[clue]] = rounded(suspicious.clues[clue]);
    pair["probability"] = rounded(suspicious.probability);
    pair["clues"] = std::move(clues);
    pairs.push_back(std::move(pair));
  }
  json by_position = json::array(), equal = json::array();
  for (const auto& pair : found.equal) equal.push_back(shown_json(pair, true));
  for (const double probability : found.by_position) by_position.push_back(std::round(probability * 1e6) / 1e6);
  return {{"judged", found.num_judged},
          {"likely", found.num_likely},
          {"expected", std::round(10 * found.num_expected) / 10},
          {"information", rounded(found.information)},
          {"by_position", std::move(by_position)},
          {"equal", {{"pairs", found.num_equal}, {"examples", std::move(equal)}}},
          {"worst", std::move(pairs)}};
}

json round_trip_json(const RoundTrip& side) {
  json examples = json::array();
  for (const auto* lines : {&side.changed, &side.changed_in_spaces})
    for (const ChangedLine& line : *lines)
      examples.push_back({{"place", line.place},
                          {"before", line.before},
                          {"after", line.after},
                          {"character", line.character},
                          {"change", line.spaces ? "white space" : "text"}});
  return {{"lines", side.num_lines},
          {"changed", side.num_changed},
          {"changed_in_spaces", side.num_spaces},
          {"with_unknown", side.num_unknown},
          {"examples", std::move(examples)}};
}

json labels_json(const Inspection& inspection, const Tokenizer& labels) {
  const auto& uses = inspection.target.train.uses;
  std::vector<std::pair<size_t, int64_t>> list;
  for (size_t id = kNumSpecialTokens; id < uses.size(); ++id) list.emplace_back(id, uses[id]);
  const size_t num_labels = list.size();
  keep_most_frequent(list, kMaxLabels);
  json rows = json::array();
  for (const auto& [id, count] : list) {
    json row = {{"label", shorten(labels.piece(static_cast<int32_t>(id)), kMaxPieceCharacters)}, {"train", count}};
    if (inspection.target.valid) row["valid"] = inspection.target.valid->uses[id];
    rows.push_back(std::move(row));
  }
  json result = {{"distinct", num_labels}, {"rows", std::move(rows)}};
  if (inspection.target.valid) result["unknown_in_valid"] = inspection.target.valid->num_unknown;
  return result;
}

json pieces_of_sample(const std::vector<std::string>& pieces) {
  json shown = json::array();
  for (size_t i = 0; i < std::min(pieces.size(), kMaxSamplePieces); ++i) shown.push_back(shorten(pieces[i], kMaxPieceCharacters));
  return {{"count", pieces.size()}, {"pieces", std::move(shown)}};
}

}  // namespace

json inspection_report(const Inspection& inspection, const PreparedData& data, const DataConfig& config, const std::string& name,
                       Progress* progress) {
  const auto& [source, target] = data.tokenizers;
  const bool source_too = has_source(config.task), labels = config.task == Task::kClassification;
  const auto findings = find_in_text(data, config, progress);
  json document = {{"kind", "inspection"},
                   {"name", name},
                   {"task", labels       ? "classification"
                            : source_too ? "translation"
                                         : "language-model"},
                   {"tokenizer",
                    {{"kind", source->kind()},
                     {"normalization", source->normalization()},
                     {"joint", source_too && !labels && data.tokenizers.joint()},
                     {"source_pieces", source->vocabulary_size()},
                     {"target_pieces", target->vocabulary_size()}}},
                   {"pairs", {{"train", data.train->num_pairs()}}},
                   {"repeated", inspection.num_repeated},
                   {"cleaning", {{"train", cleaning_json(data.train_report, &findings, source_too)}}},
                   {"lengths", json::object()},
                   {"coverage", json::array()},
                   {"pieces", json::object()},
                   {"missing", json::object()},
                   {"round_trip", json::object()},
                   {"samples", json::array()}};
  if (data.valid != nullptr) {
    document["pairs"]["valid"] = data.valid->num_pairs();
    document["cleaning"]["valid"] = cleaning_json(data.valid_report, nullptr, source_too);
    document["seen_in_training"] = inspection.num_seen;
  }
  const auto add_side = [&](const char* name_of_side, const InspectedSide& side, const Tokenizer& tokenizer) {
    document["lengths"][name_of_side] = lengths_json(side.lengths);
    document["coverage"].push_back(coverage_json("train", name_of_side, side.train));
    if (side.valid) document["coverage"].push_back(coverage_json("valid", name_of_side, *side.valid));
    document["pieces"][name_of_side] = pieces_json(side.train, tokenizer);
    document["missing"][name_of_side] = {{"unknown", missing_json(side.unknown)},
                                         {"as_bytes", missing_json(side.train.characters_as_bytes)}};
    document["round_trip"][name_of_side] = round_trip_json(side.round_trip);
  };
  if (source_too) add_side("source", inspection.source, *source);
  if (!labels) add_side("target", inspection.target, *target);
  if (labels) document["labels"] = labels_json(inspection, *target);
  if (source_too && !labels) document["ratios"] = ratios_json(*data.train);
  if (findings.misaligned) document["misaligned"] = misaligned_json(*findings.misaligned);
  for (size_t i = 0; i < std::min(inspection.samples.size(), kMaxSamples); ++i) {
    const auto& sample = inspection.samples[i];
    json shown = {{"line", sample.line}, {"target", pieces_of_sample(sample.target_pieces)}};
    if (source_too) shown["source"] = pieces_of_sample(sample.source_pieces);
    document["samples"].push_back(std::move(shown));
  }
  return document;
}

std::string inspection_content(const std::filesystem::path& file, const json& document) {
  return page_or_json(file, pages::kInspection, document["name"].get<std::string>() + ": data", document);
}

}  // namespace attnzoo
