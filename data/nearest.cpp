// nearest() of data/json_fields.h: what the user may have meant.
#include <algorithm>
#include <cctype>

#include "data/json_fields.h"
#include "data/synonyms.h"

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

// The only candidate for which `holds`, or "".
template <class Holds>
std::string only_one(const std::vector<std::string>& candidates, const Holds& holds) {
  std::string found;
  for (const std::string& candidate : candidates) {
    if (!holds(folded(candidate))) continue;
    if (!found.empty()) return "";
    found = candidate;
  }
  return found;
}

// Whether `word` is one of the words that '_' separates in `name`.
bool has_word(const std::string& name, const std::string& word) { return ("_" + name + "_").find("_" + word + "_") != std::string::npos; }

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
  // One slip is more likely than another name for the same thing, and that more likely than several slips.
  if (best_distance <= 1 && typed.size() > 2) return best;
  if (const auto synonym = synonym_among(typed, candidates); !synonym.empty()) return synonym;
  if (!best.empty() || typed.size() < 3) return best;
  // What was typed may begin one, and only one, name, or be a word in it: "trans" for "transformer", "bpe" for "sentencepiece-bpe".
  best = only_one(candidates, [&](const std::string& candidate) { return candidate.starts_with(typed); });
  return best.empty() ? only_one(candidates, [&](const std::string& candidate) { return has_word(candidate, typed); }) : best;
}

}  // namespace attnzoo
