#include "data/corpus_statistics.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "data/special_tokens.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kMaxCharacters = 100'000;

uint64_t hash_of_ids(std::span<const int32_t> ids) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});
}

// The byte that a piece stands for, -1 where it is none: SentencePiece writes <0xE2>.
int byte_of_piece(const std::string& piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return -1;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  const int high = digit(piece[3]), low = digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Counts the characters of a run of bytes, and clears it.
void count_characters_of(std::string& bytes, std::map<std::string, int64_t>& counts) {
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = utf8_length(bytes, i);
    if (length > 0) {
      const auto character = bytes.substr(i, length);
      const auto found = counts.find(character);
      if (found != counts.end())
        ++found->second;
      else if (counts.size() < kMaxCharacters)
        counts.emplace(character, 1);
    }
    i += std::max<size_t>(1, length);
  }
  bytes.clear();
}

}  // namespace

std::vector<int64_t> count_lengths(const Corpus& corpus, CorpusSide side) {
  std::vector<int64_t> counts;
  for_each_pair(corpus, [&](int64_t i) {
    const size_t length = (corpus.*side)(i).size();
    if (length >= counts.size()) counts.resize(length + 1);
    ++counts[length];
  });
  return counts;
}

LengthSummary summary_of(const std::vector<int64_t>& counts) {
  LengthSummary summary;
  int64_t num_tokens = 0;
  for (size_t length = 0; length < counts.size(); ++length) {
    summary.num_lines += counts[length];
    num_tokens += counts[length] * static_cast<int64_t>(length);
  }
  if (summary.num_lines == 0) return summary;
  const auto quantile = [&](double share) {
    int64_t seen = 0;
    for (size_t length = 0; length < counts.size(); ++length) {
      seen += counts[length];
      if (static_cast<double>(seen) >= share * static_cast<double>(summary.num_lines)) return length;
    }
    return counts.size() - 1;
  };
  summary.mean = static_cast<double>(num_tokens) / static_cast<double>(summary.num_lines);
  summary.median = quantile(0.5);
  summary.p99 = quantile(0.99);
  summary.longest = quantile(1);
  return summary;
}

std::vector<LengthBin> length_bins(const std::vector<int64_t>& counts, size_t num_bins) {
  const auto [num_lines, mean, median, p99, longest] = summary_of(counts);
  std::vector<LengthBin> bins;
  if (num_lines == 0) return bins;
  const size_t width = std::max<size_t>(1, (p99 + num_bins) / num_bins);
  const auto count_between = [&](size_t begin, size_t end) {
    int64_t count = 0;
    for (size_t length = begin; length < std::min(end, longest + 1); ++length) count += counts[length];
    return count;
  };
  for (size_t begin = 0; begin <= p99; begin += width) bins.push_back({begin, begin + width - 1, count_between(begin, begin + width)});
  const size_t tail = bins.size() * width;
  if (const int64_t count = count_between(tail, longest + 1); count > 0) bins.push_back({tail, longest, count, true});
  return bins;
}

Coverage coverage_of(const Corpus& corpus, CorpusSide side, const Tokenizer& tokenizer) {
  Coverage coverage;
  coverage.uses.resize(static_cast<size_t>(tokenizer.vocabulary_size()));
  std::vector<int> byte_of(coverage.uses.size(), -1);
  const bool has_bytes = tokenizer.kind().starts_with("sentencepiece");
  for (size_t id = kNumSpecialTokens; has_bytes && id < byte_of.size(); ++id)
    byte_of[id] = byte_of_piece(tokenizer.piece(static_cast<int32_t>(id)));
  std::string bytes;
  for_each_pair(corpus, [&](int64_t i) {
    for (const int32_t id : (corpus.*side)(i)) {
      const bool known = static_cast<size_t>(id) < coverage.uses.size();
      ++(known ? coverage.uses[static_cast<size_t>(id)] : coverage.num_copied);
      if (known && byte_of[static_cast<size_t>(id)] >= 0)
        bytes += static_cast<char>(byte_of[static_cast<size_t>(id)]);
      else if (!bytes.empty())
        count_characters_of(bytes, coverage.characters_as_bytes);
    }
    count_characters_of(bytes, coverage.characters_as_bytes);
    coverage.num_tokens += static_cast<int64_t>((corpus.*side)(i).size());
  });
  coverage.num_unknown = coverage.uses[kUnkId];
  for (size_t id = kNumSpecialTokens; id < coverage.uses.size(); ++id) {
    if (byte_of[id] >= 0) {
      coverage.num_bytes += coverage.uses[id];
    } else {
      ++coverage.num_usable;
      coverage.num_used += coverage.uses[id] > 0;
    }
  }
  return coverage;
}

int64_t count_repeated_pairs(const Corpus& corpus) {
  std::vector<uint64_t> hashes(static_cast<size_t>(corpus.num_pairs()));
  for_each_pair(corpus, [&](int64_t i) {
    hashes[static_cast<size_t>(i)] = hash_of_ids(corpus.source(i)) * 0x9E3779B97F4A7C15u + hash_of_ids(corpus.target(i));
  });
  std::sort(hashes.begin(), hashes.end());
  return static_cast<int64_t>(hashes.end() - std::unique(hashes.begin(), hashes.end()));
}

int64_t count_seen_in_training(const Corpus& train, const Corpus& valid, CorpusSide side) {
  std::unordered_set<uint64_t> wanted, found;
  for (int64_t i = 0; i < valid.num_pairs(); ++i) wanted.insert(hash_of_ids((valid.*side)(i)));
  for_each_pair(train, [&](int64_t i) {
    const uint64_t hash = hash_of_ids((train.*side)(i));
    if (wanted.count(hash) > 0) found.insert(hash);
  });
  int64_t count = 0;
  for (int64_t i = 0; i < valid.num_pairs(); ++i) count += static_cast<int64_t>(found.count(hash_of_ids((valid.*side)(i))));
  return count;
}

LengthRatios length_ratios(const Corpus& corpus) {
  LengthRatios ratios;
  for_each_pair(corpus, [&](int64_t i) {
    const auto source = static_cast<double>(corpus.source(i).size()), target = static_cast<double>(corpus.target(i).size());
    if (source == 0 || target == 0) {
      ++ratios.num_empty;
      return;
    }
    const auto edge = std::ranges::upper_bound(LengthRatios::kEdges, target / source);
    ++ratios.counts[static_cast<size_t>(edge - std::begin(LengthRatios::kEdges))];
    const double ratio = std::max(source, target) / std::min(source, target);
    for (size_t k = 0; k < std::size(LengthRatios::kLimits); ++k) ratios.above[k] += ratio > LengthRatios::kLimits[k];
  });
  return ratios;
}

}  // namespace attnzoo
