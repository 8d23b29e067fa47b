#include "data/inspect.h"

#include <algorithm>

#include "data/extended_vocabulary.h"
#include "data/special_tokens.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr int64_t kMaxLinesToDecode = 20000;
constexpr size_t kMaxUnknownWords = 100'000, kMaxWordCharacters = 60;

InspectedSide inspect_side(const PreparedData& data, CorpusSide side, const Tokenizer& tokenizer) {
  InspectedSide inspected;
  inspected.lengths = count_lengths(*data.train, side);
  inspected.train = coverage_of(*data.train, side, tokenizer);
  if (data.valid != nullptr) inspected.valid = coverage_of(*data.valid, side, tokenizer);
  return inspected;
}

void inspect_line(InspectedSide& side, const Tokenizer& tokenizer, std::string_view line, const std::string& place,
                  const std::string_view* copied_from) {
  side.round_trip.add(tokenizer, line, place, copied_from);
  for (const std::string& word : tokenizer.unknown_words(line)) {
    const std::string shown = shorten(word, kMaxWordCharacters);
    if (side.unknown.size() < kMaxUnknownWords || side.unknown.contains(shown)) ++side.unknown[shown];
  }
}

// The text of a training pair, and what it tells about ids past the vocabulary.
class SampleText {
 public:
  SampleText(const Corpus& corpus, int64_t pair, const Tokenizer& tokenizer, bool copied, const std::string& source)
      : tokenizer_(tokenizer) {
    if (copied) words_.emplace(tokenizer, source, static_cast<int64_t>(corpus.source(pair).size()));
  }
  std::vector<std::string> pieces(std::span<const int32_t> ids) const {
    std::vector<std::string> pieces;
    for (const int32_t id : ids) pieces.push_back(words_ ? words_->piece(id) : tokenizer_.piece(id));
    return pieces;
  }
  std::string decode(std::span<const int32_t> ids) const { return words_ ? words_->decode(ids) : tokenizer_.decode(ids); }

 private:
  const Tokenizer& tokenizer_;
  std::optional<ExtendedSource> words_;
};

}  // namespace

Inspection inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples) {
  const Corpus& train = *data.train;
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  Inspection inspection;
  if (has_source(config.task)) inspection.source = inspect_side(data, &Corpus::source, source);
  inspection.target = inspect_side(data, &Corpus::target, target);
  inspection.num_repeated = count_repeated_pairs(train);
  if (data.valid != nullptr)
    inspection.num_seen = count_seen_in_training(train, *data.valid, has_source(config.task) ? &Corpus::source : &Corpus::target);

  num_samples = std::min(num_samples, train.num_pairs());
  std::vector<int64_t> samples;
  std::map<int64_t, std::string> source_of_line;
  for (int64_t i = 0; i < num_samples; ++i) {
    samples.push_back(i * train.num_pairs() / num_samples);
    source_of_line[train.line(samples.back())];
  }
  const bool copied = config.tokenizer.copy_unknown;
  const int64_t stride = std::max<int64_t>(1, (data.train_report.num_read + kMaxLinesToDecode - 1) / kMaxLinesToDecode);
  PairReader reader(data.train_text, config.clean.reading_policy());
  TextPair pair;
  while (reader.next(pair)) {
    if (const auto shown = source_of_line.find(pair.line); shown != source_of_line.end()) shown->second = pair.source;
    if (pair.line % stride != 0) continue;
    const std::string_view source_line = pair.source, *copied_from = copied ? &source_line : nullptr;
    if (has_source(config.task)) inspect_line(inspection.source, source, pair.source, pair.place(), copied_from);
    if (config.task != Task::kClassification) inspect_line(inspection.target, target, pair.target, pair.target_place(), copied_from);
  }
  for (const int64_t i : samples) {
    const std::string& line = source_of_line[train.line(i)];
    const SampleText as_source(train, i, source, copied, line), as_target(train, i, target, copied, line);
    inspection.samples.push_back({train.line(i), as_source.pieces(train.source(i)), as_target.pieces(train.target(i)),
                                  as_source.decode(train.source(i)), as_target.decode(train.target(i))});
  }
  return inspection;
}

}  // namespace attnzoo
