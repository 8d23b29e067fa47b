#include "eval/metric_text.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "data/utf8.h"
#include "eval/lowercase_table.h"

namespace attnzoo {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

// The run that `c` belongs to, or null.
const CharacterRun* find_run(std::span<const CharacterRun> runs, char32_t c) {
  const auto run = std::lower_bound(runs.begin(), runs.end(), c, [](const CharacterRun& run, char32_t c) { return run.last < c; });
  return run == runs.end() || c < run->first || (c - run->first) % run->stride != 0 ? nullptr : &*run;
}

bool is_cased(char32_t c) { return find_run(kCasedRuns, c) != nullptr; }
bool is_case_ignorable(char32_t c) { return find_run(kCaseIgnorableRuns, c) != nullptr; }

void append_lower(std::u32string& text, char32_t c) {
  if (c < 0x80) {
    text.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
  } else if (const auto* run = find_run(kLowercaseRuns, c); run != nullptr) {
    text.push_back(static_cast<char32_t>(static_cast<int32_t>(c) + run->offset));
  } else {
    const auto sequence = std::find_if(std::begin(kLowercaseSequences), std::end(kLowercaseSequences),
                                       [c](const LowercaseSequence& sequence) { return sequence.character == c; });
    if (sequence != std::end(kLowercaseSequences))
      text += sequence->lower;
    else
      text.push_back(c);
  }
}

// Unicode 3.13: a sigma is final if a cased character stands before it and none behind it, not counting case-ignorable characters.
bool is_final_sigma(std::u32string_view text, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

}  // namespace

std::u32string code_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text, i);
    const auto byte = [&](size_t k) { return static_cast<char32_t>(static_cast<unsigned char>(text[i + k])); };
    switch (length) {
      case 1:
        points.push_back(byte(0));
        break;
      case 2:
        points.push_back((byte(0) & 0x1F) << 6 | (byte(1) & 0x3F));
        break;
      case 3:
        points.push_back((byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F));
        break;
      case 4:
        points.push_back((byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F));
        break;
      default:
        points.push_back(0xDC00 + byte(0));
    }
    i += std::max<size_t>(length, 1);
  }
  return points;
}

bool is_metric_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::u32string lowercase(std::u32string_view text) {
  std::u32string lowered;
  lowered.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kCapitalSigma && is_final_sigma(text, i))
      lowered.push_back(kFinalSigma);
    else
      append_lower(lowered, text[i]);
  }
  return lowered;
}

std::vector<std::u32string_view> split_at_space(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && is_metric_space(text[i])) ++i;
    const size_t begin = i;
    while (i < text.size() && !is_metric_space(text[i])) ++i;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

}  // namespace attnzoo
