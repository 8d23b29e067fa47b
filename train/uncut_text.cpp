#include "train/uncut_text.h"

#include <algorithm>
#include <utility>

#include "eval/metric_text.h"
#include "eval/metric_tokenize.h"

namespace attnzoo {
namespace {

struct Range {
  char32_t first, last;
};

// Scripts of one character per syllable or word, whose words are short: Han, Kana, Bopomofo, Yi.
constexpr Range kShortWords[] = {{0x2E80, 0x2FDF}, {0x3005, 0x3007},   {0x3021, 0x3029},  {0x3040, 0x30FF}, {0x3100, 0x312F},
                                 {0x31A0, 0x31FF}, {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},  {0xA000, 0xA4CF}, {0xF900, 0xFAFF},
                                 {0xFF66, 0xFF9F}, {0x1B000, 0x1B16F}, {0x20000, 0x3FFFF}};
// Scripts of several characters per syllable: Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le to Tai Tham, Balinese, Javanese and others.
constexpr Range kLongWords[] = {{0x0E00, 0x0FFF}, {0x1000, 0x109F}, {0x1780, 0x17FF}, {0x1950, 0x19FF},
                                {0x1A20, 0x1AAF}, {0x1B00, 0x1B7F}, {0xA980, 0xA9FF}, {0xAA00, 0xAA7F}};

// Mean word lengths above which text is taken for uncut: well above what words have in these scripts, and in all others.
constexpr double kMaxShortWord = 3.5, kMaxLongWord = 10, kMaxOtherWord = 25;

// Words of one kind and their characters.
struct WordCount {
  int64_t num_words = 0, num_characters = 0;
  double mean_length() const { return num_words > 0 ? static_cast<double>(num_characters) / static_cast<double>(num_words) : 0; }
};

template <size_t N>
bool is_in(const Range (&ranges)[N], char32_t c) {
  return std::ranges::any_of(ranges, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace

std::optional<double> mean_word_length_if_uncut(std::span<const std::string> lines) {
  WordCount all, of_short, of_long;
  int64_t num_short_lines = 0, num_with_space = 0;  // of two characters or more in scripts of short words
  for (const auto& line : lines) {
    const auto text = code_points(line);
    const auto num_short = std::ranges::count_if(text, [](char32_t c) { return is_in(kShortWords, c); });
    if (num_short >= 2 && 2 * num_short >= static_cast<int64_t>(text.size())) {
      ++num_short_lines;
      num_with_space += split_at_space(text).size() > 1;
    }
    const auto cut = metric_tokenize(text, "13a");
    for (const auto word : split_at_space(cut)) {
      const auto count = [&](WordCount& kind) {
        kind.num_words += 1;
        kind.num_characters += static_cast<int64_t>(word.size());
      };
      count(all);
      if (std::ranges::any_of(word, [](char32_t c) { return is_in(kShortWords, c); })) {
        count(of_short);
      } else if (std::ranges::any_of(word, [](char32_t c) { return is_in(kLongWords, c); })) {
        count(of_long);
      }
    }
  }
  for (const auto& [kind, bound] : {std::pair{of_short, kMaxShortWord}, {of_long, kMaxLongWord}, {all, kMaxOtherWord}})
    if (3 * kind.num_characters >= all.num_characters && kind.mean_length() > bound) return kind.mean_length();
  // Short lines, such as a program's messages, have short "words" without being cut.
  if (2 * num_short_lines >= static_cast<int64_t>(lines.size()) && num_short_lines > 0 && 10 * num_with_space < num_short_lines)
    return of_short.mean_length();
  return std::nullopt;
}

}  // namespace attnzoo
