// The data of the page that `attnzoo-data inspect --report` writes.
#include <nlohmann/json.hpp>

#include "data/inspect.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

using nlohmann::json;

constexpr size_t kTextCharacters = 500;

json reasons_of(const CleaningReport& report) {
  auto reasons = json::array();
  for (const auto& reason : report.reasons)
    if (reason.num_pairs > 0)
      reasons.push_back({{"name", reason.name}, {"action", reason.action}, {"pairs", reason.num_pairs}, {"example", reason.example}});
  return {{"read", report.num_read}, {"kept", report.num_kept}, {"reasons", std::move(reasons)}};
}

json lengths_of(const std::vector<int64_t>& counts) {
  const auto figures = length_figures(counts);
  return {{"counts", counts}, {"mean", figures.mean}, {"median", figures.median}, {"p99", figures.p99}, {"longest", figures.longest}};
}

json counted_texts(const std::vector<CountedText>& texts) {
  auto list = json::array();
  for (const auto& text : texts) list.push_back({shorten(text.text, kTextCharacters), text.count});
  return list;
}

json round_trip_of(const RoundTrip& side) {
  return {{"lines", side.num_lines},
          {"changed", side.num_changed},
          {"spaces", side.num_spaces},
          {"unknown", side.num_unknown},
          {"example", side.example}};
}

const char* name_of(Task task) {
  return task == Task::kClassification ? "classification" : task == Task::kLanguageModel ? "language-model" : "translation";
}

}  // namespace

json inspection_document(const Inspection& inspection, const std::string& recipe) {
  json document = {
      {"recipe", recipe},
      {"task", name_of(inspection.task)},
      {"tokenizer", inspection.tokenizer},
      {"train", reasons_of(inspection.train_report)},
      {"valid", inspection.has_valid ? reasons_of(inspection.valid_report) : json()},
      {"train_pairs", inspection.num_train},
      {"valid_pairs", inspection.num_valid},
      {"repeated", inspection.num_repeated},
      {"valid_in_train", inspection.num_seen},
      {"source_lengths", lengths_of(inspection.source_lengths)},
      {"target_lengths", lengths_of(inspection.target_lengths)},
      {"ratio_edges", kRatioEdges},
      {"ratios", inspection.ratios},
      {"source_pieces", counted_texts(inspection.source_pieces)},
      {"target_pieces", counted_texts(inspection.target_pieces)},
      {"normalization", inspection.normalization},
      {"round_trip", {{"source", round_trip_of(inspection.source_round_trip)}, {"target", round_trip_of(inspection.target_round_trip)}}}};
  document["coverage"] = json::array();
  for (const auto& c : inspection.coverage)
    document["coverage"].push_back({{"corpus", c.corpus},
                                    {"side", c.side},
                                    {"tokens", c.num_tokens},
                                    {"unknown", c.num_unknown},
                                    {"copied", c.num_copied},
                                    {"bytes", c.num_bytes},
                                    {"used", c.num_used},
                                    {"pieces", c.num_usable}});
  document["cleaned"] = json::array();
  for (const auto& pair : inspection.cleaned)
    document["cleaned"].push_back(
        {{"reason", pair.reason}, {"action", pair.action}, {"place", pair.place}, {"source", pair.source}, {"target", pair.target}});
  const auto& found = inspection.misalignment;
  auto suspicious = json::array();
  for (const auto& pair : found.examples)
    suspicious.push_back({{"place", pair.place}, {"why", pair.why}, {"z", pair.z}, {"source", pair.source}, {"target", pair.target}});
  document["misaligned"] = {{"pairs", found.num_pairs},
                            {"suspicious", found.num_suspicious},
                            {"length_ratio", found.length_ratio},
                            {"examples", std::move(suspicious)}};
  document["samples"] = json::array();
  for (const auto& sample : inspection.samples)
    document["samples"].push_back({{"line", sample.line},
                                   {"source_pieces", shorten(sample.source_pieces, 4 * kTextCharacters)},
                                   {"target_pieces", shorten(sample.target_pieces, 4 * kTextCharacters)}});
  return document;
}

}  // namespace attnzoo
