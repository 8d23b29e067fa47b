#include "data/epoch_plan.h"

#include <algorithm>
#include <numeric>

#include "data/random.h"

namespace attnzoo {
namespace {

// Whether one more sentence fits into a batch whose longest side will be `longest`.
bool fits(const BatchConfig& config, int64_t num_sentences, int64_t longest) {
  return (num_sentences + 1) * longest <= config.batch_tokens && (config.batch_sentences == 0 || num_sentences < config.batch_sentences);
}

// Begin of every batch in [begin, end) of items sorted by length, either way; longest_of(i) is the longer side of item i.
template <class LongestOf>
void cut(const BatchConfig& config, size_t begin, size_t end, LongestOf longest_of, std::vector<int64_t>& batch_begins) {
  int64_t num_sentences = 0, longest = 0;
  for (size_t i = begin; i < end; ++i) {
    longest = std::max<int64_t>(longest, longest_of(i));
    if (num_sentences == 0 || !fits(config, num_sentences, longest)) {
      batch_begins.push_back(static_cast<int64_t>(i));
      num_sentences = 0;
      longest = longest_of(i);
    }
    ++num_sentences;
  }
}

// The number of batches that cut() makes of `count[n]` items of length n, ascending.
int64_t count_cuts(const BatchConfig& config, const std::vector<int64_t>& counts) {
  int64_t num_batches = 0, num_sentences = 0;
  for (size_t length = 0; length < counts.size(); ++length) {
    int64_t left = counts[length];
    if (left == 0) continue;
    int64_t capacity = config.batch_tokens / std::max<int64_t>(1, static_cast<int64_t>(length));
    if (config.batch_sentences > 0) capacity = std::min(capacity, config.batch_sentences);
    capacity = std::max<int64_t>(1, capacity);
    // The open batch takes what it can at this length, then full ones follow.
    const int64_t taken = num_sentences > 0 ? std::clamp<int64_t>(capacity - num_sentences, 0, left) : 0;
    num_sentences += taken;
    left -= taken;
    if (left == 0) continue;
    num_batches += (left + capacity - 1) / capacity;
    num_sentences = (left - 1) % capacity + 1;
  }
  return num_batches;
}

// What a window is sorted by; `order` keeps the shuffle among equals.
struct SortItem {
  uint64_t key;
  int64_t pair;
};

}  // namespace

EpochPlanner::EpochPlanner(const Corpus& corpus, const BatchConfig& config) : config_(config) {
  lengths_.reserve(static_cast<size_t>(corpus.num_pairs()));
  for_each_pair(corpus, [&](int64_t pair) {
    const auto source = static_cast<uint32_t>(corpus.source(pair).size() + 1),
               target = static_cast<uint32_t>(corpus.target(pair).size() + 1);
    lengths_.push_back({std::max(source, target), source});
  });
}

std::vector<int64_t> EpochPlanner::shuffled(uint64_t seed, int64_t epoch) const {
  std::vector<int64_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), 0);
  SplitMix64 random{seed, static_cast<uint64_t>(epoch), 0};
  shuffle(order, 0, order.size(), random);
  return order;
}

size_t EpochPlanner::window_size() const {
  return config_.bucket_window == 0 ? std::max<size_t>(1, lengths_.size()) : static_cast<size_t>(config_.bucket_window);
}

EpochPlan EpochPlanner::plan(uint64_t seed, int64_t epoch) const {
  EpochPlan plan;
  plan.pair_ids = shuffled(seed, epoch);
  SplitMix64 random{seed, static_cast<uint64_t>(epoch), 1};
  const size_t num_pairs = plan.pair_ids.size(), window = window_size();
  std::vector<SortItem> items;
  std::vector<int64_t> begins;
  std::vector<size_t> batch_order;
  for (size_t begin = 0; begin < num_pairs; begin += window) {
    const size_t size = std::min(window, num_pairs - begin);
    items.clear();
    for (size_t i = begin; i < begin + size; ++i) {
      const int64_t pair = plan.pair_ids[i];
      const Lengths& lengths = lengths_[static_cast<size_t>(pair)];
      items.push_back({uint64_t{lengths.longest} << 32 | lengths.source, pair});
    }
    // Stable: equal pairs stay in the order of the shuffle, and every standard library sorts alike.
    std::stable_sort(items.begin(), items.end(), [](const SortItem& a, const SortItem& b) { return a.key < b.key; });
    begins.clear();
    cut(
        config_, 0, size, [&](size_t i) { return static_cast<int64_t>(items[i].key >> 32); }, begins);
    begins.push_back(static_cast<int64_t>(size));
    batch_order.resize(begins.size() - 1);
    std::iota(batch_order.begin(), batch_order.end(), size_t{0});
    shuffle(batch_order, 0, batch_order.size(), random);
    size_t next = begin;
    for (const size_t batch : batch_order) {
      plan.batch_begins.push_back(static_cast<int64_t>(next));
      for (auto i = static_cast<size_t>(begins[batch]); i < static_cast<size_t>(begins[batch + 1]); ++i)
        plan.pair_ids[next++] = items[i].pair;
    }
  }
  plan.batch_begins.push_back(static_cast<int64_t>(num_pairs));
  return plan;
}

int64_t EpochPlanner::count_batches(uint64_t seed, int64_t epoch) const {
  const std::vector<int64_t> order = shuffled(seed, epoch);
  const size_t window = window_size();
  int64_t num_batches = 0;
  std::vector<int64_t> counts;
  for (size_t begin = 0; begin < order.size(); begin += window) {
    counts.clear();
    for (size_t i = begin; i < std::min(begin + window, order.size()); ++i) {
      const size_t longest = lengths_[static_cast<size_t>(order[i])].longest;
      if (longest >= counts.size()) counts.resize(longest + 1);
      ++counts[longest];
    }
    num_batches += count_cuts(config_, counts);
  }
  return num_batches;
}

EpochPlan EpochPlanner::plan_in_order() const {
  EpochPlan plan;
  plan.pair_ids.resize(lengths_.size());
  std::iota(plan.pair_ids.begin(), plan.pair_ids.end(), 0);
  const auto lengths_of = [&](int64_t pair) -> const Lengths& { return lengths_[static_cast<size_t>(pair)]; };
  std::stable_sort(plan.pair_ids.begin(), plan.pair_ids.end(), [&](int64_t a, int64_t b) {
    const Lengths &left = lengths_of(a), &right = lengths_of(b);
    return left.longest != right.longest ? left.longest > right.longest : left.source > right.source;
  });
  cut(
      config_, 0, plan.pair_ids.size(), [&](size_t i) { return int64_t{lengths_of(plan.pair_ids[i]).longest}; }, plan.batch_begins);
  plan.batch_begins.push_back(static_cast<int64_t>(plan.pair_ids.size()));
  return plan;
}

}  // namespace attnzoo
