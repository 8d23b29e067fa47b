#include "eval/alignment.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/special_tokens.h"

namespace attnzoo {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Words in a text, and whether it ends inside one.
std::pair<int32_t, bool> count_words(const std::string& text) {
  int32_t count = 0;
  bool inside = false;
  for (const char c : text) {
    if (!is_space(c) && !inside) ++count;
    inside = !is_space(c);
  }
  return {count, inside};
}

}  // namespace

std::vector<int32_t> word_of_tokens(std::span<const int32_t> ids, const std::function<std::string(std::span<const int32_t>)>& decode) {
  std::vector<int32_t> words;
  size_t length = 0;  // of the text so far
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto text = decode(ids.first(i + 1));
    const auto [count, inside] = count_words(text);
    // A token may add nothing yet: a byte of a longer character, or the mark of a word that the next token begins.
    words.push_back(ids[i] == kEosId || (text.size() <= length && !inside) ? -1 : std::max(count - 1, 0));
    length = text.size();
  }
  return words;
}

std::string pharaoh_links(const torch::Tensor& weights_TS, std::span<const int32_t> target_words, std::span<const int32_t> source_words) {
  const int32_t num_targets = target_words.empty() ? 0 : *std::max_element(target_words.begin(), target_words.end()) + 1;
  const int32_t num_sources = source_words.empty() ? 0 : *std::max_element(source_words.begin(), source_words.end()) + 1;
  if (num_sources == 0 || !weights_TS.defined()) return "";
  const auto weights = weights_TS.contiguous();
  const auto* data = weights.const_data_ptr<float>();
  std::string links;
  for (int32_t target = 0; target < num_targets; ++target) {
    std::vector<double> sum(static_cast<size_t>(num_sources));
    bool any = false;
    for (size_t t = 0; t < target_words.size(); ++t) {
      if (target_words[t] != target) continue;
      any = true;
      for (size_t s = 0; s < source_words.size(); ++s)
        if (source_words[s] >= 0) sum[static_cast<size_t>(source_words[s])] += data[t * source_words.size() + s];
    }
    if (!any) continue;
    links += fmt::format("{}{}-{}", links.empty() ? "" : " ", std::max_element(sum.begin(), sum.end()) - sum.begin(), target);
  }
  return links;
}

}  // namespace attnzoo
