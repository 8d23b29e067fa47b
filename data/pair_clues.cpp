#include "data/pair_clues.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kMaxHashes = 64;
constexpr size_t kFewestWordBytes = 4;

// FNV-1a, of ASCII letters in lower case.
uint64_t hash_of_text(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)) * 0x100000001b3u;
  return hash;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7F; }

bool is_address(std::string_view run) {
  if (run.find("://") != run.npos || run.starts_with("www.")) return true;
  const size_t at = run.find('@');
  return at != run.npos && at > 0 && run.find('.', at) != run.npos;
}

// Moves the addresses of a line into `hashes`; the rest of the line stays.
std::string without_addresses(std::string_view line, std::vector<uint64_t>& hashes) {
  std::string rest;
  for (size_t i = 0; i < line.size();) {
    size_t end = i;
    while (end < line.size() && is_visible_ascii(line[end])) ++end;
    std::string_view run = line.substr(i, end - i);
    while (!run.empty() && std::string_view("<([{\"'").find(run.front()) != run.npos) run.remove_prefix(1);
    while (!run.empty() && std::string_view(">)]}\"'.,;:!?/").find(run.back()) != run.npos) run.remove_suffix(1);
    if (is_address(run)) {
      if (hashes.size() < kMaxHashes) hashes.push_back(hash_of_text(run));
    } else {
      rest += line.substr(i, end - i);
    }
    if (end < line.size()) rest += line[end++];
    i = end;
  }
  return rest;
}

void sort_once(std::vector<uint64_t>& hashes) {
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

// Bytes at `i` that can be in a word: an ASCII letter or digit, or a character of two bytes (other letters of Latin, Greek, Cyrillic,
// Hebrew, Arabic). Scripts of three bytes have no words that occur in another language, and end the words of one beside them.
size_t word_bytes(std::string_view line, size_t i) {
  if (is_letter(line[i]) || is_digit(line[i])) return 1;
  const auto lead = static_cast<unsigned char>(line[i]);
  return lead >= 0xC3 && lead < 0xE0 && i + 1 < line.size() ? 2 : 0;
}

size_t num_shared(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  size_t count = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j)
      ++count, ++i, ++j;
    else if (*i < *j)
      ++i;
    else
      ++j;
  }
  return count;
}

// Neither side has any; one side; all of the smaller set are shared; some; none.
size_t set_outcome(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 0 : 1;
  const size_t shared = num_shared(a, b);
  return shared == std::min(a.size(), b.size()) ? 2 : shared > 0 ? 3 : 4;
}

// How many words of the smaller set are shared; many words of which none is say more than few.
size_t word_outcome(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  const size_t fewer = std::min(a.size(), b.size()), shared = num_shared(a, b);
  if (shared == 0) return fewer == 0 ? 0 : fewer < 4 ? 1 : fewer < 10 ? 2 : 3;
  return shared * 5 <= fewer ? 4 : shared * 2 <= fewer ? 5 : 6;
}

constexpr double kDeviations[] = {-20, -12, -8, -6, -4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 6, 8, 12, 20};

constexpr int kRounds = 20;
constexpr double kFirstShare = 0.01, kLeastShare = 1e-6, kSmoothing = 0.5;

template <class Counts>
void add_outcomes(Counts& counts, const std::array<size_t, kNumClues>& outcomes, double weight) {
  for (size_t clue = 0; clue < kNumClues; ++clue) counts[clue][outcomes[clue]] += weight;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

LineClues clues_of(std::string_view line) {
  LineClues clues;
  clues.length = static_cast<int64_t>(count_characters(line));
  std::string rest;
  if (line.find('@') != line.npos || line.find("://") != line.npos || line.find("www.") != line.npos) {
    rest = without_addresses(line, clues.addresses);
    line = rest;
  }
  for (size_t i = 0; i < line.size(); ++i) {
    const size_t begin = i;
    while (i < line.size() && is_digit(line[i])) ++i;
    if (i == begin || clues.numbers.size() == kMaxHashes) continue;
    const size_t first = std::min(line.find_first_not_of('0', begin), i - 1);
    clues.numbers.push_back(hash_of_text(line.substr(first, i - first)));
  }
  for (size_t i = 0; i < line.size();) {
    size_t end = i;
    bool has_letter = false;
    for (size_t bytes; end < line.size() && (bytes = word_bytes(line, end)) > 0; end += bytes) has_letter |= !is_digit(line[end]);
    if (end - i >= kFewestWordBytes && has_letter && clues.words.size() < kMaxHashes)
      clues.words.push_back(hash_of_text(line.substr(i, end - i)));
    i = std::max(end, i + 1);
  }
  for (auto* hashes : {&clues.numbers, &clues.addresses, &clues.words}) sort_once(*hashes);
  return clues;
}

PairJudge::PairJudge(const std::vector<std::pair<LineClues, LineClues>>& sample) {
  const size_t num_pairs = sample.size();
  if (num_pairs == 0) return;
  double sources = 1, targets = 1;
  for (const auto& [source, target] : sample) {
    sources += static_cast<double>(source.length);
    targets += static_cast<double>(target.length);
  }
  target_per_source_ = targets / sources;
  std::vector<double> deviations;
  for (const auto& [source, target] : sample) deviations.push_back(deviation(source.length, target.length));
  centre_ = median_of(deviations);
  for (double& value : deviations) value = std::abs(value - centre_);
  spread_ = std::max(0.05, 1.4826 * median_of(deviations));  // of a normal distribution: its standard deviation

  using Counts = std::array<std::array<double, kNumOutcomes>, kNumClues>;
  std::vector<std::array<size_t, kNumClues>> found;
  Counts random{};
  for (size_t i = 0; i < num_pairs; ++i) {
    found.push_back(outcomes(sample[i].first, sample[i].second));
    add_outcomes(random, outcomes(sample[i].first, sample[(i + num_pairs / 2) % num_pairs].second), 1);
  }
  share_ = kFirstShare;
  std::vector<double> weights(num_pairs, 1.0);
  for (int round = 0; round < kRounds; ++round) {
    Counts together{};
    for (size_t i = 0; i < num_pairs; ++i) add_outcomes(together, found[i], weights[i]);
    const double num_together = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (size_t clue = 0; clue < kNumClues; ++clue)
      for (size_t k = 0; k < kNumOutcomes; ++k)
        worth_[clue][k] = std::log((together[clue][k] + kSmoothing) / (num_together + kSmoothing) *
                                   (static_cast<double>(num_pairs) + kSmoothing) / (random[clue][k] + kSmoothing));
    information_ = 0;
    for (size_t i = 0; i < num_pairs; ++i) {
      double score = 0;
      for (size_t clue = 0; clue < kNumClues; ++clue) score += worth_[clue][found[i][clue]];
      information_ += weights[i] * score / num_together;
      weights[i] = 1 - probability(score);
    }
    share_ = std::clamp(1 - std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(num_pairs), kLeastShare, 0.9);
  }
}

double PairJudge::deviation(int64_t source_length, int64_t target_length) const {
  const double expected = target_per_source_ * static_cast<double>(source_length), found = static_cast<double>(target_length);
  return (found - expected) / std::sqrt((found + expected) / 2 + 1);
}

std::array<size_t, kNumClues> PairJudge::outcomes(const LineClues& source, const LineClues& target) const {
  const double deviations = (deviation(source.length, target.length) - centre_) / spread_;
  const auto range = static_cast<size_t>(std::ranges::upper_bound(kDeviations, deviations) - std::begin(kDeviations));
  static_assert(std::size(kDeviations) < kNumOutcomes);
  return {range, set_outcome(source.numbers, target.numbers), set_outcome(source.addresses, target.addresses),
          word_outcome(source.words, target.words)};
}

std::array<double, kNumClues> PairJudge::judge(const LineClues& source, const LineClues& target) const {
  const auto found = outcomes(source, target);
  std::array<double, kNumClues> worth{};
  for (size_t clue = 0; clue < kNumClues; ++clue) worth[clue] = worth_[clue][found[clue]];
  return worth;
}

double PairJudge::probability(double score) const { return 1 / (1 + std::exp(score) * (1 - share_) / share_); }

}  // namespace attnzoo
