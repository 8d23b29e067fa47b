#include "data/misalignment.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kTextCharacters = 200;
constexpr double kSurelyWrong = 4, kPerhapsWrong = 2;
constexpr int64_t kWordsToBeEqual = 4;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double characters(const std::string& text) {
  return static_cast<double>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::set<std::string> numbers_in(const std::string& text) {
  std::set<std::string> numbers;
  std::string run;
  for (const char c : text + " ") {
    if (c >= '0' && c <= '9') {
      run += c;
    } else if (!run.empty()) {
      numbers.insert(run);
      run.clear();
    }
  }
  return numbers;
}

bool numbers_differ(const std::string& source, const std::string& target) {
  const auto a = numbers_in(source), b = numbers_in(target);
  if (a.empty() && b.empty()) return false;
  return std::ranges::none_of(a, [&](const auto& number) { return b.contains(number); });
}

}  // namespace

void MisalignmentFinder::add(const std::string& place, const std::string& source, const std::string& target) {
  Pair pair;
  pair.source_length = characters(source);
  pair.target_length = characters(target);
  if (pair.source_length == 0 || pair.target_length == 0) return;
  pair.place = place;
  pair.source = shorten(source, kTextCharacters);
  pair.target = shorten(target, kTextCharacters);
  pair.numbers_differ = numbers_differ(source, target);
  pair.equal = source == target && std::ranges::count(source, ' ') + 1 >= kWordsToBeEqual;
  pairs_.push_back(std::move(pair));
}

Misalignment MisalignmentFinder::result() const {
  Misalignment found;
  found.num_pairs = static_cast<int64_t>(pairs_.size());
  if (pairs_.empty()) return found;
  std::vector<double> ratios, squares;
  for (const auto& pair : pairs_) ratios.push_back(pair.target_length / pair.source_length);
  const double c = found.length_ratio = median(ratios);
  for (const auto& pair : pairs_) squares.push_back(std::pow(pair.target_length - c * pair.source_length, 2) / pair.source_length);
  // The median of a chi-squared variable is 0.455. The text of a template has no variance at all; one character per hundred is the least.
  const double s2 = std::max(median(squares) / 0.455, 0.01);
  for (const auto& pair : pairs_) {
    const double z = (pair.target_length - c * pair.source_length) / std::sqrt(s2 * pair.source_length);
    const char* why = pair.equal                                            ? "equal"
                      : std::abs(z) >= kSurelyWrong                         ? "length"
                      : pair.numbers_differ && std::abs(z) >= kPerhapsWrong ? "numbers"
                                                                            : nullptr;
    if (why == nullptr) continue;
    ++found.num_suspicious;
    found.examples.push_back({pair.place, pair.source, pair.target, why, z});
  }
  std::ranges::stable_sort(found.examples, [](const auto& a, const auto& b) { return std::abs(a.z) > std::abs(b.z); });
  if (found.examples.size() > Misalignment::kMaxExamples) found.examples.resize(Misalignment::kMaxExamples);
  return found;
}

}  // namespace attnzoo
