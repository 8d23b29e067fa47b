// nearest() of data/json_fields.h: what the user may have meant.
#include <algorithm>
#include <cctype>

#include "data/json_fields.h"

namespace attnzoo {
namespace {

// Case, and which of '-' and '_' was typed, do not count as mistakes.
std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Edits (insert, remove, replace, swap of neighbours) that turn one into the other: optimal string alignment.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestName = 100;  // a longer one is no typo, and the distance takes time and memory by its length
  if (name.size() > kLongestName) return "";
  const std::string typed = folded(name);
  std::string best;
  size_t best_distance = (typed.size() + 2) / 3 + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(typed, folded(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty() || typed.size() < 3) return best;
  // What was typed may be the beginning of one, and only one, name: "trans" for "transformer".
  for (const std::string& candidate : candidates) {
    if (folded(candidate).rfind(typed, 0) != 0) continue;
    if (!best.empty()) return "";
    best = candidate;
  }
  return best;
}

}  // namespace attnzoo
