#include "tests/conformance/covering_array.h"

#include <algorithm>
#include <random>
#include <set>

namespace attnzoo::test {
namespace {

bool same(const OptionValue& a, const OptionValue& b) { return a.key == b.key && a.value == b.value; }

// A value of an option, by their indices.
struct Place {
  size_t option, value;
  bool operator<(const Place& other) const { return std::pair(option, value) < std::pair(other.option, other.value); }
};
using Pair = std::pair<Place, Place>;

class Builder {
 public:
  explicit Builder(const OptionSpace& space) : space_(space) {
    for (size_t a = 0; a < space.options.size(); ++a)
      for (size_t b = a + 1; b < space.options.size(); ++b)
        for (size_t i = 0; i < space.options[a].values.size(); ++i)
          for (size_t j = 0; j < space.options[b].values.size(); ++j)
            if (!is_forbidden(space, at({a, i}), at({b, j}))) open_.insert({{a, i}, {b, j}});
  }

  std::vector<nlohmann::json> run() {
    std::vector<nlohmann::json> rows;
    while (!open_.empty()) {
      // The best of several greedy rows, each starting with an uncovered pair.
      std::vector<size_t> best;
      size_t best_count = 0;
      for (int attempt = 0; attempt < 20; ++attempt) {
        const auto row = greedy_row();
        const size_t count = row.empty() ? 0 : num_new(row);
        if (count > best_count) best_count = count, best = row;
      }
      if (best.empty()) throw std::logic_error(space_.name + ": a pair that is not forbidden cannot be completed to a row");
      for (size_t a = 0; a < best.size(); ++a)
        for (size_t b = a + 1; b < best.size(); ++b) open_.erase({{a, best[a]}, {b, best[b]}});
      auto fields = nlohmann::json::object();
      for (size_t o = 0; o < best.size(); ++o) fields[space_.options[o].key] = space_.options[o].values[best[o]];
      rows.push_back(std::move(fields));
    }
    return rows;
  }

 private:
  static constexpr size_t kUnset = ~size_t{0};

  OptionValue at(Place place) const { return {space_.options[place.option].key, space_.options[place.option].values[place.value]}; }

  size_t num_new(const std::vector<size_t>& row) const {
    size_t count = 0;
    for (size_t a = 0; a < row.size(); ++a)
      for (size_t b = a + 1; b < row.size(); ++b)
        if (row[a] != kUnset && row[b] != kUnset) count += open_.count({{a, row[a]}, {b, row[b]}});
    return count;
  }

  bool fits(const std::vector<size_t>& row, Place place) const {
    for (size_t o = 0; o < row.size(); ++o)
      if (row[o] != kUnset && is_forbidden(space_, at({o, row[o]}), at(place))) return false;
    return true;
  }

  // Empty after a dead end.
  std::vector<size_t> greedy_row() {
    std::vector<size_t> row(space_.options.size(), kUnset);
    const auto& [first, second] = *std::next(open_.begin(), static_cast<std::ptrdiff_t>(random_() % open_.size()));
    row[first.option] = first.value;
    row[second.option] = second.value;
    std::vector<size_t> order(row.size());
    for (size_t o = 0; o < order.size(); ++o) order[o] = o;
    std::shuffle(order.begin(), order.end(), random_);
    for (const size_t o : order) {
      if (row[o] != kUnset) continue;
      size_t best = kUnset, best_count = 0;
      const size_t shift = random_() % space_.options[o].values.size();
      for (size_t i = 0; i < space_.options[o].values.size(); ++i) {
        const size_t value = (i + shift) % space_.options[o].values.size();
        if (!fits(row, {o, value})) continue;
        row[o] = value;
        const size_t count = num_new(row);
        row[o] = kUnset;
        if (best == kUnset || count > best_count) best = value, best_count = count;
      }
      if (best == kUnset) return {};
      row[o] = best;
    }
    return row;
  }

  const OptionSpace& space_;
  std::set<Pair> open_;
  std::mt19937_64 random_{5};
};

}  // namespace

bool is_forbidden(const OptionSpace& space, const OptionValue& a, const OptionValue& b) {
  return std::any_of(space.forbidden.begin(), space.forbidden.end(), [&](const auto& pair) {
    return (same(pair.first, a) && same(pair.second, b)) || (same(pair.first, b) && same(pair.second, a));
  });
}

bool covers(const std::vector<nlohmann::json>& rows, const OptionValue& a, const OptionValue& b) {
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.at(a.key) == a.value && row.at(b.key) == b.value; });
}

std::vector<nlohmann::json> covering_array(const OptionSpace& space) { return Builder(space).run(); }

}  // namespace attnzoo::test
