// What a person wants to know about prepared data before training on it: `attnzoo-data inspect`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/misalignment.h"
#include "data/prepare.h"
#include "data/round_trip.h"

namespace attnzoo {

// How the vocabulary covers one side of a corpus.
struct Coverage {
  std::string corpus, side;  // "train", "source"
  int64_t num_tokens = 0, num_unknown = 0, num_copied = 0, num_bytes = 0;
  int64_t num_used = 0, num_usable = 0;  // pieces, without special tokens and bytes
};

struct CountedText {
  std::string text;
  int64_t count = 0;
};

// A pair as the model will see it.
struct PairSample {
  int64_t line = 0;
  std::string source_pieces, target_pieces, source, target;  // pieces between spaces; decoded text
};

// A pair that cleaning changed or dropped.
struct CleanedPair {
  std::string reason, action, place, source, target;
};

// Pairs by target tokens divided by source tokens: up to 1/4, to 1/2, to 2/3, to 4/5, to 5/4, to 3/2, to 2, to 4, more.
constexpr std::array<double, 8> kRatioEdges = {0.25, 0.5, 2.0 / 3, 0.8, 1.25, 1.5, 2.0, 4.0};

struct Inspection {
  Task task = Task::kTranslation;
  CleaningReport train_report, valid_report;
  bool has_valid = false;
  int64_t num_train = 0, num_valid = 0;
  int64_t num_repeated = 0;                             // training pairs that repeat an earlier one
  int64_t num_seen = 0;                                 // validation sources that occur in training
  std::string tokenizer;                                // "sentencepiece-unigram, 8000 pieces for both sides"
  std::vector<int64_t> source_lengths, target_lengths;  // training pairs by length in tokens
  std::array<int64_t, kRatioEdges.size() + 1> ratios{};
  std::vector<Coverage> coverage;
  std::vector<CountedText> source_pieces,
      target_pieces;  // most frequent first, at most kMaxPiecesShown; of a classifier target_pieces has all labels
  // Of the lines that are encoded again, at most 20000, evenly spread over the training text.
  RoundTrip source_round_trip, target_round_trip;
  std::string normalization;
  std::vector<CleanedPair> cleaned;  // at most kMaxCleanedShown per reason
  Misalignment misalignment;         // of translations
  std::vector<PairSample> samples;
};

constexpr size_t kMaxPiecesShown = 200, kMaxCleanedShown = 5, kMaxLabelsShown = 1000;

// `config` names the text that `data` was prepared from; it is read once more.
Inspection inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples);

// Several sections of plain text: counts and cleaning; pairs that repeat or are in both corpora; token-length histograms; coverage; lines
// that do not come back as they were when they are encoded and decoded; likely misaligned pairs; samples.
std::string inspection_text(const Inspection& inspection);
// The document of the page that data/pages/inspection.html shows; text in it is cut to 500 characters. `recipe` names it.
nlohmann::json inspection_document(const Inspection& inspection, const std::string& recipe);

// Lines "17 - 24  ########   1234  12.3%" for lengths counted as counts[length], with mean, median and 99th percentile above.
std::string length_histogram(const std::vector<int64_t>& counts);
struct LengthFigures {
  int64_t num_lines = 0;
  double mean = 0;
  size_t median = 0, p99 = 0, longest = 0;
};
LengthFigures length_figures(const std::vector<int64_t>& counts);

}  // namespace attnzoo
