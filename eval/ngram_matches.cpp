#include "eval/ngram_matches.h"

#include <algorithm>

namespace attnzoo {
namespace {

struct Occurrence {
  uint64_t key;
  uint32_t position;  // in the hypothesis, or hypothesis size + position in the reference
};

}  // namespace

// An n-gram is identified by the rank of its first n - 1 symbols among all (n - 1)-grams of both sides, and its last symbol: two 32-bit
// numbers, which sort as one number for any n.
std::vector<NgramMatches> ngram_matches(std::span<const uint32_t> hypothesis, std::span<const uint32_t> reference, int64_t max_order) {
  std::vector<NgramMatches> orders(static_cast<size_t>(max_order));
  const size_t num_hypothesis = hypothesis.size(), num_reference = reference.size();
  std::vector<uint32_t> rank(num_hypothesis + num_reference, 0);
  std::vector<Occurrence> occurrences;
  occurrences.reserve(rank.size());
  for (size_t n = 1; n <= orders.size(); ++n) {
    occurrences.clear();
    for (size_t i = 0; i + n <= num_hypothesis; ++i)
      occurrences.push_back({uint64_t{rank[i]} << 32 | hypothesis[i + n - 1], static_cast<uint32_t>(i)});
    auto& order = orders[n - 1];
    order.in_hypothesis = static_cast<int64_t>(occurrences.size());
    for (size_t i = 0; i + n <= num_reference; ++i)
      occurrences.push_back({uint64_t{rank[num_hypothesis + i]} << 32 | reference[i + n - 1], static_cast<uint32_t>(num_hypothesis + i)});
    order.in_reference = static_cast<int64_t>(occurrences.size()) - order.in_hypothesis;
    if (occurrences.empty()) break;

    std::sort(occurrences.begin(), occurrences.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    uint32_t next_rank = 0;
    for (size_t begin = 0; begin < occurrences.size(); ++next_rank) {
      size_t end = begin;
      int64_t count_hypothesis = 0;
      for (; end < occurrences.size() && occurrences[end].key == occurrences[begin].key; ++end) {
        rank[occurrences[end].position] = next_rank;
        count_hypothesis += occurrences[end].position < num_hypothesis;
      }
      order.matched += std::min(count_hypothesis, static_cast<int64_t>(end - begin) - count_hypothesis);
      begin = end;
    }
  }
  return orders;
}

}  // namespace attnzoo
