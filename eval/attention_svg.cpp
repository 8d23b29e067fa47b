#include "eval/attention_svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/markup.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr int kCell = 18, kLetter = 8, kMaxLetters = 30;

// XML has no way to write control characters.
std::string label_text(const std::string& label) {
  auto text = shorten(replace_invalid_utf8(label), kMaxLetters);
  std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return markup_text(text);
}

int widest(const std::vector<std::string>& labels) {
  size_t letters = 1;
  for (const auto& label : labels) letters = std::max(letters, std::min<size_t>(count_characters(label), kMaxLetters));
  return static_cast<int>(letters) * kLetter + 8;
}

}  // namespace

std::string attention_svg(const torch::Tensor& weights, const std::vector<std::string>& rows, const std::vector<std::string>& columns) {
  const int left = widest(rows), top = widest(columns);
  const int width = left + kCell * static_cast<int>(columns.size()) + 2, height = top + kCell * static_cast<int>(rows.size()) + 2;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height);
  for (size_t j = 0; j < columns.size(); ++j) {
    const int x = left + kCell * static_cast<int>(j) + kCell / 2 + 4;
    svg += fmt::format("<text x=\"{0}\" y=\"{1}\" transform=\"rotate(-90 {0} {1})\">{2}</text>\n", x, top - 5, label_text(columns[j]));
  }
  const auto contiguous = weights.contiguous();
  const auto* data = contiguous.const_data_ptr<float>();
  for (size_t i = 0; i < rows.size(); ++i) {
    const int y = top + kCell * static_cast<int>(i);
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", left - 5, y + kCell - 5, label_text(rows[i]));
    for (size_t j = 0; j < columns.size(); ++j)
      svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#0a5ea8\" fill-opacity=\"{:.3f}\"/>\n",
                         left + kCell * static_cast<int>(j), y, kCell - 1, kCell - 1, data[i * columns.size() + j]);
  }
  return svg + "</svg>\n";
}

}  // namespace attnzoo
