#include "data/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>

#include "data/extended_vocabulary.h"
#include "data/progress.h"
#include "data/round_trip.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

constexpr size_t kBarColumns = 40;
constexpr int64_t kMaxLinesToDecode = 20000;

double percent(int64_t part, int64_t whole) { return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }

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

std::string coverage(const Corpus& corpus, Side side, const Tokenizer& tokenizer) {
  std::vector<int64_t> uses(static_cast<size_t>(tokenizer.vocabulary_size()));
  int64_t num_tokens = 0, num_copied = 0;  // the latter: ids past the vocabulary (data/extended_vocabulary.h)
  for_each_pair(corpus, [&](int64_t i) {
    for (const int32_t id : (corpus.*side)(i)) ++(static_cast<size_t>(id) < uses.size() ? uses[static_cast<size_t>(id)] : num_copied);
    num_tokens += static_cast<int64_t>((corpus.*side)(i).size());
  });
  int64_t num_bytes = 0, num_used = 0, num_usable = 0;
  for (size_t id = kNumSpecialTokens; id < uses.size(); ++id) {
    const std::string piece = tokenizer.piece(static_cast<int32_t>(id));
    const bool is_byte = piece.size() == 6 && piece.rfind("<0x", 0) == 0;  // SentencePiece writes a byte as <0xE2>
    if (is_byte) {
      num_bytes += uses[id];
    } else {
      ++num_usable;
      num_used += uses[id] > 0;
    }
  }
  const std::string copied = num_copied == 0 ? "" : fmt::format(", copied words {:.3f}% ({})", percent(num_copied, num_tokens), num_copied);
  return fmt::format("{}, <unk> {:.3f}%{}, bytes {:.3f}%, {} of {} in use ({:.1f}%)", counted(num_tokens, "token"),
                     percent(uses[kUnkId], num_tokens), copied, percent(num_bytes, num_tokens), num_used, counted(num_usable, "piece"),
                     percent(num_used, num_usable));
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

// What is read of the training text itself.
struct TextPass {
  RoundTrip source, target;
  std::map<int64_t, std::string> source_of_line;  // of the lines that are shown
};

TextPass read_text(const PreparedData& data, const DataConfig& config, const std::vector<int64_t>& samples) {
  TextPass pass;
  for (const int64_t pair : samples) pass.source_of_line[data.train->line(pair)];
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  const bool copied = config.tokenizer.copy_unknown;
  const int64_t stride = std::max<int64_t>(1, (data.train_report.num_read + kMaxLinesToDecode - 1) / kMaxLinesToDecode);
  PairReader reader(data.train_text, config.clean.reading_policy());
  TextPair pair;
  while (reader.next(pair)) {
    if (const auto shown = pass.source_of_line.find(pair.line); shown != pass.source_of_line.end()) shown->second = pair.source;
    if (pair.line % stride != 0) continue;
    const std::string_view source_line = pair.source, *copied_from = copied ? &source_line : nullptr;
    if (config.task != Task::kLanguageModel) pass.source.add(source, pair.source, pair.place(), copied_from);
    if (config.task != Task::kClassification) pass.target.add(target, pair.target, pair.place(), copied_from);
  }
  return pass;
}

std::string round_trip_section(const PreparedData& data, const DataConfig& config, const TextPass& pass) {
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  const auto lines = std::max(pass.source.num_lines, pass.target.num_lines);
  std::string text = fmt::format("\nEncoded and decoded again ({} of {} training lines)\n", lines, data.train_report.num_read);
  if (config.task != Task::kLanguageModel) text += "  source: " + pass.source.text() + "\n";
  if (config.task != Task::kClassification) text += "  target: " + pass.target.text() + "\n";
  const std::string normalization = config.task == Task::kLanguageModel ? target.normalization() : source.normalization();
  if (normalization.ends_with("_cf")) text += "  decoded text is in lower case\n";
  if (pass.source.num_changed + pass.target.num_changed > 0)
    text += fmt::format("  data.tokenizer.normalization is {}{}\n", normalization,
                        normalization == "identity" ? "" : "; identity keeps text as it is");
  return text;
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

}  // namespace

std::string length_histogram(const std::vector<int64_t>& counts) {
  int64_t num_lines = 0, num_tokens = 0;
  for (size_t length = 0; length < counts.size(); ++length) {
    num_lines += counts[length];
    num_tokens += counts[length] * static_cast<int64_t>(length);
  }
  if (num_lines == 0) return "  no lines\n";
  const auto quantile = [&](double share) {
    int64_t seen = 0;
    for (size_t length = 0; length < counts.size(); ++length) {
      seen += counts[length];
      if (static_cast<double>(seen) >= share * static_cast<double>(num_lines)) return length;
    }
    return counts.size() - 1;
  };
  const auto longest = quantile(1), p99 = quantile(0.99);
  std::string text = fmt::format("  mean {:.1f}, median {}, 99% at most {}, longest {}\n",
                                 static_cast<double>(num_tokens) / static_cast<double>(num_lines), quantile(0.5), p99, longest);
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

std::string inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples) {
  const Corpus& train = *data.train;
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  std::string text = "Counts\n  " + data.train_report.text("train") + "\n";
  if (data.valid != nullptr) text += "  " + data.valid_report.text("valid") + "\n";
  const int64_t num_repeated = count_repeated_pairs(train);
  text += fmt::format("  train: {} an earlier pair ({:.2f}%)\n",
                      num_repeated == 1 ? "1 pair repeats" : fmt::format("{} pairs repeat", num_repeated),
                      percent(num_repeated, train.num_pairs()));
  if (data.valid != nullptr) {
    const int64_t num_seen = count_seen_in_training(train, *data.valid);
    text +=
        fmt::format("  valid: {} in the training text too ({:.2f}%)\n",
                    num_seen == 1 ? "1 source is" : fmt::format("{} sources are", num_seen), percent(num_seen, data.valid->num_pairs()));
  }

  text += "\nSource length of the training pairs, in tokens\n" + length_histogram(count_lengths(train, &Corpus::source));
  text += "\nTarget length of the training pairs, in tokens\n" + length_histogram(count_lengths(train, &Corpus::target));

  text += fmt::format("\nCoverage ({}, {})\n", source.kind(),
                      data.tokenizers.joint()
                          ? fmt::format("{} pieces for both sides", source.vocabulary_size())
                          : fmt::format("{} source and {} target pieces", source.vocabulary_size(), target.vocabulary_size()));
  text += "  train source: " + coverage(train, &Corpus::source, source) + "\n";
  text += "  train target: " + coverage(train, &Corpus::target, target) + "\n";
  if (data.valid != nullptr) {
    text += "  valid source: " + coverage(*data.valid, &Corpus::source, source) + "\n";
    text += "  valid target: " + coverage(*data.valid, &Corpus::target, target) + "\n";
  }

  num_samples = std::min(num_samples, train.num_pairs());
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < num_samples; ++i) samples.push_back(i * train.num_pairs() / num_samples);
  const TextPass pass = read_text(data, config, samples);
  text += round_trip_section(data, config, pass);

  if (num_samples > 0) text += "\nWhat the model will see\n";
  for (const int64_t pair : samples) {
    const auto found = pass.source_of_line.find(train.line(pair));
    const std::string line = found == pass.source_of_line.end() ? "" : found->second;
    const bool copied = config.tokenizer.copy_unknown;
    const SampleText as_source(train, pair, source, copied, line), as_target(train, pair, target, copied, line);
    text += fmt::format("  line {}\n", train.line(pair));
    text += fmt::format("    source  {}{}\n", as_source.pieces(train.source(pair)), source.piece(kEosId));
    text += fmt::format("    target  {} {}{}\n", target.piece(kBosId), as_target.pieces(train.target(pair)), target.piece(kEosId));
    text += fmt::format("    text    {} ||| {}\n", as_source.decode(train.source(pair)), as_target.decode(train.target(pair)));
  }
  return text;
}

}  // namespace attnzoo
