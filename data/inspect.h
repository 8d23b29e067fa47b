// What a person wants to know about prepared data before training on it: `attnzoo-data inspect`. data/inspection_report.h makes its page.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/corpus_statistics.h"
#include "data/prepare.h"
#include "data/round_trip.h"

namespace attnzoo {

struct InspectedSide {
  std::vector<int64_t> lengths;  // counts[length] of the training pairs, in tokens
  Coverage train;
  std::optional<Coverage> valid;
  // Of at most 20000 lines, evenly spread over the training text: lines that do not come back as they were when they are encoded and
  // decoded, and the words or characters that the vocabulary lacks, with counts.
  RoundTrip round_trip;
  std::map<std::string, int64_t> unknown;
};

// A training pair as the model will see it.
struct InspectedPair {
  int64_t line = 0;
  std::vector<std::string> source_pieces, target_pieces;
  std::string source, target;  // the pieces as text again
};

struct Inspection {
  InspectedSide source, target;  // of a language model: the target alone
  int64_t num_repeated = 0;      // training pairs that repeat an earlier one
  int64_t num_seen = 0;          // validation lines that are in the training text too
  std::vector<InspectedPair> samples;
};

inline bool has_source(Task task) { return task != Task::kLanguageModel; }

// `config` names the text that `data` was prepared from; it is read once more. `num_samples` pairs are sampled.
Inspection inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples);

// Several sections of plain text: counts and cleaning; pairs that repeat or are in both corpora; token-length histograms of both sides;
// coverage (<unk>, bytes, copied words, share of the vocabulary in use) for training and validation; lines that come back changed; the
// samples as pieces.
std::string inspection_text(const Inspection& inspection, const PreparedData& data, const DataConfig& config);

// Lines "17 - 24  ########   1234  12.3%" for lengths counted as counts[length], with mean, median and 99th percentile above.
std::string length_histogram(const std::vector<int64_t>& counts);

}  // namespace attnzoo
