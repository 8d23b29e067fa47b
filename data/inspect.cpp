#include "data/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_set>

#include "data/special_tokens.h"

namespace attnzoo {
namespace {

constexpr size_t kBarColumns = 40;

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
  int64_t num_tokens = 0;
  for_each_pair(corpus, [&](int64_t i) {
    for (const int32_t id : (corpus.*side)(i)) ++uses.at(static_cast<size_t>(id));
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
  return fmt::format("{} tokens, <unk> {:.3f}%, bytes {:.3f}%, {} of {} pieces in use ({:.1f}%)", num_tokens,
                     percent(uses[kUnkId], num_tokens), percent(num_bytes, num_tokens), num_used, num_usable,
                     percent(num_used, num_usable));
}

std::string pieces(std::span<const int32_t> ids, const Tokenizer& tokenizer) {
  std::string text;
  for (const int32_t id : ids) text += tokenizer.piece(id) + " ";
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

std::string inspect_data(const PreparedData& data, int64_t num_samples) {
  const Corpus& train = *data.train;
  const Tokenizer &source = *data.tokenizers.source, &target = *data.tokenizers.target;
  std::string text = "Counts\n  " + data.train_report.text("train") + "\n";
  if (data.valid != nullptr) text += "  " + data.valid_report.text("valid") + "\n";
  const int64_t num_repeated = count_repeated_pairs(train);
  text += fmt::format("  train: {} pairs repeat an earlier pair ({:.2f}%)\n", num_repeated, percent(num_repeated, train.num_pairs()));
  if (data.valid != nullptr) {
    const int64_t num_seen = count_seen_in_training(train, *data.valid);
    text +=
        fmt::format("  valid: {} sources stand in the training text too ({:.2f}%)\n", num_seen, percent(num_seen, data.valid->num_pairs()));
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
  if (num_samples > 0) text += "\nWhat the model will see\n";
  for (int64_t i = 0; i < num_samples; ++i) {
    const int64_t pair = i * train.num_pairs() / num_samples;
    text += fmt::format("  line {}\n", train.line(pair));
    text += fmt::format("    source  {}{}\n", pieces(train.source(pair), source), source.piece(kEosId));
    text += fmt::format("    target  {} {}{}\n", target.piece(kBosId), pieces(train.target(pair), target), target.piece(kEosId));
    text += fmt::format("    text    {} ||| {}\n", source.decode(train.source(pair)), target.decode(train.target(pair)));
  }
  return text;
}

}  // namespace attnzoo
