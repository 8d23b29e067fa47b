#include "data/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>

#include "data/extended_vocabulary.h"
#include "data/progress.h"
#include "data/special_tokens.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr int64_t kMaxLinesToDecode = 20000;
constexpr size_t kCleanedCharacters = 300;

uint64_t hash_of(std::span<const int32_t> ids) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});
}

// Which side of a corpus to look at.
using Side = std::span<const int32_t> (Corpus::*)(int64_t) const;

std::vector<int64_t> count_lengths(const Corpus& corpus, Side side) {
  std::vector<int64_t> counts;
  for_each_pair(corpus, [&](int64_t i) {
    const size_t length = (corpus.*side)(i).size();
    if (length >= counts.size()) counts.resize(length + 1);
    ++counts[length];
  });
  return counts;
}

// How often each id occurs; ids past the vocabulary (data/extended_vocabulary.h) count in `num_copied`.
std::vector<int64_t> count_ids(const Corpus& corpus, Side side, const Tokenizer& tokenizer, int64_t& num_copied) {
  std::vector<int64_t> uses(static_cast<size_t>(tokenizer.vocabulary_size()));
  for_each_pair(corpus, [&](int64_t i) {
    for (const int32_t id : (corpus.*side)(i)) ++(static_cast<size_t>(id) < uses.size() ? uses[static_cast<size_t>(id)] : num_copied);
  });
  return uses;
}

Coverage coverage_of(const char* corpus_name, const char* side_name, const std::vector<int64_t>& uses, int64_t num_copied,
                     const Tokenizer& tokenizer) {
  Coverage coverage{corpus_name, side_name};
  coverage.num_copied = coverage.num_tokens = num_copied;
  coverage.num_unknown = uses[kUnkId];
  for (size_t id = 0; id < uses.size(); ++id) {
    coverage.num_tokens += uses[id];
    if (id < kNumSpecialTokens) continue;
    const std::string piece = tokenizer.piece(static_cast<int32_t>(id));
    const bool is_byte = piece.size() == 6 && piece.rfind("<0x", 0) == 0;  // SentencePiece writes a byte as <0xE2>
    if (is_byte) {
      coverage.num_bytes += uses[id];
    } else {
      ++coverage.num_usable;
      coverage.num_used += uses[id] > 0;
    }
  }
  return coverage;
}

std::vector<CountedText> most_frequent(const std::vector<int64_t>& uses, const Tokenizer& tokenizer, size_t most) {
  std::vector<CountedText> pieces;
  for (size_t id = 0; id < uses.size(); ++id)
    if (uses[id] > 0) pieces.push_back({tokenizer.piece(static_cast<int32_t>(id)), uses[id]});
  std::ranges::stable_sort(pieces, [](const auto& a, const auto& b) { return a.count > b.count; });
  if (pieces.size() > most) pieces.resize(most);
  return pieces;
}

// The text of a training pair, and what it tells about ids past the vocabulary.
class SampleText {
 public:
  SampleText(const Corpus& corpus, int64_t pair, const Tokenizer& tokenizer, bool copied, const std::string& source)
      : tokenizer_(tokenizer) {
    if (copied) words_.emplace(tokenizer, source, static_cast<int64_t>(corpus.source(pair).size()));
  }
  std::string pieces(std::span<const int32_t> ids) const {
    std::string text;
    for (const int32_t id : ids) text += (words_ ? words_->piece(id) : tokenizer_.piece(id)) + " ";
    return text;
  }
  std::string decode(std::span<const int32_t> ids) const { return words_ ? words_->decode(ids) : tokenizer_.decode(ids); }

 private:
  const Tokenizer& tokenizer_;
  std::optional<ExtendedSource> words_;
};

// Cleans again a part of the lines, to show what cleaning did to them.
class CleaningExamples {
 public:
  CleaningExamples(const PreparedData& data, const DataConfig& config) : data_(data), config_(config), cleaner_(config.clean) {
    before_ = cleaner_.report();
  }

  void add(const TextPair& pair, std::vector<CleanedPair>& found) {
    if (cleaner_.keep_text(pair)) {
      auto source = config_.task == Task::kLanguageModel ? std::vector<int32_t>() : data_.tokenizers.source->encode(pair.source);
      auto target = data_.tokenizers.target->encode(pair.target);
      cleaner_.keep_ids(pair, source, target);
    }
    for (size_t i = 0; i < before_.reasons.size(); ++i) {
      const auto& now = cleaner_.report().reasons[i];
      if (now.num_pairs == before_.reasons[i].num_pairs) continue;
      before_.reasons[i].num_pairs = now.num_pairs;
      if (now.num_pairs <= static_cast<int64_t>(kMaxCleanedShown))
        found.push_back(
            {now.name, now.action, pair.place(), shorten(pair.source, kCleanedCharacters), shorten(pair.target, kCleanedCharacters)});
    }
  }

 private:
  const PreparedData& data_;
  const DataConfig& config_;
  PairCleaner cleaner_;
  CleaningReport before_;
};

// Reads the training text itself once more. Returns the sources of the lines of `samples`.
std::map<int64_t, std::string> read_text(const PreparedData& data, const DataConfig& config, const std::vector<int64_t>& samples,
                                         Inspection& inspection) {
  std::map<int64_t, std::string> source_of_line;
  for (const int64_t pair : samples) source_of_line[data.train->line(pair)];
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  const bool copied = config.tokenizer.copy_unknown;
  const int64_t stride = std::max<int64_t>(1, (data.train_report.num_read + kMaxLinesToDecode - 1) / kMaxLinesToDecode);
  PairReader reader(data.train_text, config.clean.reading_policy());
  CleaningExamples cleaning(data, config);
  MisalignmentFinder misalignment;
  TextPair pair;
  while (reader.next(pair)) {
    if (const auto shown = source_of_line.find(pair.line); shown != source_of_line.end()) shown->second = pair.source;
    if (pair.line % stride != 0) continue;
    const std::string_view source_line = pair.source, *copied_from = copied ? &source_line : nullptr;
    if (config.task != Task::kLanguageModel) inspection.source_round_trip.add(source, pair.source, pair.place(), copied_from);
    if (config.task != Task::kClassification) inspection.target_round_trip.add(target, pair.target, pair.place(), copied_from);
    if (config.task == Task::kTranslation) misalignment.add(pair.place(), pair.source, pair.target);
    cleaning.add(pair, inspection.cleaned);
  }
  inspection.misalignment = misalignment.result();
  return source_of_line;
}

int64_t count_repeated_pairs(const Corpus& corpus) {
  std::vector<uint64_t> hashes(static_cast<size_t>(corpus.num_pairs()));
  for_each_pair(corpus, [&](int64_t i) {
    hashes[static_cast<size_t>(i)] = hash_of(corpus.source(i)) * 0x9E3779B97F4A7C15u + hash_of(corpus.target(i));
  });
  std::sort(hashes.begin(), hashes.end());
  return static_cast<int64_t>(hashes.end() - std::unique(hashes.begin(), hashes.end()));
}

int64_t count_seen_in_training(const Corpus& train, const Corpus& valid) {
  std::unordered_set<uint64_t> wanted, found;
  for (int64_t i = 0; i < valid.num_pairs(); ++i) wanted.insert(hash_of(valid.source(i)));
  for_each_pair(train, [&](int64_t i) {
    const uint64_t hash = hash_of(train.source(i));
    if (wanted.count(hash) > 0) found.insert(hash);
  });
  int64_t count = 0;
  for (int64_t i = 0; i < valid.num_pairs(); ++i) count += static_cast<int64_t>(found.count(hash_of(valid.source(i))));
  return count;
}

void count_ratios(const Corpus& corpus, Inspection& inspection) {
  for_each_pair(corpus, [&](int64_t i) {
    const auto source = static_cast<double>(corpus.source(i).size()), target = static_cast<double>(corpus.target(i).size());
    if (source == 0 || target == 0) return;
    const auto bucket = std::ranges::lower_bound(kRatioEdges, target / source) - kRatioEdges.begin();
    ++inspection.ratios[static_cast<size_t>(bucket)];
  });
}

void look_at_ids(const PreparedData& data, Inspection& inspection) {
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  for (const auto& [name, corpus] : {std::pair{"train", data.train.get()}, std::pair{"valid", data.valid.get()}}) {
    if (corpus == nullptr) continue;
    const bool train = corpus == data.train.get();
    int64_t copied = 0;
    const auto of_source = count_ids(*corpus, &Corpus::source, source, copied);
    inspection.coverage.push_back(coverage_of(name, "source", of_source, copied, source));
    copied = 0;
    const auto of_target = count_ids(*corpus, &Corpus::target, target, copied);
    inspection.coverage.push_back(coverage_of(name, "target", of_target, copied, target));
    if (!train) continue;
    inspection.source_pieces = most_frequent(of_source, source, kMaxPiecesShown);
    inspection.target_pieces = most_frequent(of_target, target, corpus->has_labels() ? kMaxLabelsShown : kMaxPiecesShown);
  }
}

}  // namespace

Inspection inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples) {
  const Corpus& train = *data.train;
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  Inspection inspection;
  inspection.task = config.task;
  inspection.train_report = data.train_report;
  inspection.valid_report = data.valid_report;
  inspection.has_valid = data.valid != nullptr;
  inspection.num_train = train.num_pairs();
  inspection.num_repeated = count_repeated_pairs(train);
  if (data.valid != nullptr) {
    inspection.num_valid = data.valid->num_pairs();
    inspection.num_seen = count_seen_in_training(train, *data.valid);
  }
  inspection.tokenizer = fmt::format(
      "{}, {}", source.kind(),
      data.tokenizers.joint() ? fmt::format("{} pieces for both sides", source.vocabulary_size())
                              : fmt::format("{} source and {} target pieces", source.vocabulary_size(), target.vocabulary_size()));
  inspection.normalization = config.task == Task::kLanguageModel ? target.normalization() : source.normalization();
  inspection.source_lengths = count_lengths(train, &Corpus::source);
  inspection.target_lengths = count_lengths(train, &Corpus::target);
  count_ratios(train, inspection);
  look_at_ids(data, inspection);

  num_samples = std::min(num_samples, train.num_pairs());
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < num_samples; ++i) samples.push_back(i * train.num_pairs() / num_samples);
  const auto source_of_line = read_text(data, config, samples, inspection);
  for (const int64_t pair : samples) {
    const auto found = source_of_line.find(train.line(pair));
    const std::string line = found == source_of_line.end() ? "" : found->second;
    const bool copied = config.tokenizer.copy_unknown;
    const SampleText as_source(train, pair, source, copied, line), as_target(train, pair, target, copied, line);
    inspection.samples.push_back({train.line(pair), as_source.pieces(train.source(pair)) + source.piece(kEosId),
                                  target.piece(kBosId) + " " + as_target.pieces(train.target(pair)) + target.piece(kEosId),
                                  as_source.decode(train.source(pair)), as_target.decode(train.target(pair))});
  }
  return inspection;
}

}  // namespace attnzoo
