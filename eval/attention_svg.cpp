#include "eval/attention_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/base64.h"
#include "data/markup.h"
#include "data/png.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr int kCell = 18, kLetter = 8, kMaxLetters = 30;
constexpr Colour kWhite = {255, 255, 255}, kBlue = {0x0a, 0x5e, 0xa8};
constexpr std::string_view kBegin = "<svg xmlns=\"http://www.w3.org/2000/svg\" data-made-by=\"attnzoo\" ";

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

std::string squares(const float* weights, size_t rows, size_t columns, int left, int top) {
  std::string svg;
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#{:02x}{:02x}{:02x}\" fill-opacity=\"{:.3f}\"/>\n",
                         left + kCell * static_cast<int>(j), top + kCell * static_cast<int>(i), kCell - 1, kCell - 1, kBlue[0], kBlue[1],
                         kBlue[2], weights[i * columns + j]);
  return svg;
}

std::string bitmap(const float* weights, size_t rows, size_t columns, int left, int top) {
  std::vector<uint8_t> shades(rows * columns);
  std::transform(weights, weights + shades.size(), shades.begin(),
                 [](float weight) { return static_cast<uint8_t>(std::lround(255 * std::clamp(weight, 0.0f, 1.0f))); });
  const auto png = shaded_png(shades, static_cast<int64_t>(columns), static_cast<int64_t>(rows), kWhite, kBlue);
  return fmt::format(
      "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
      "href=\"data:image/png;base64,{}\"/>\n",
      left, top, kCell * static_cast<int>(columns), kCell * static_cast<int>(rows), base64(png.data(), png.size()));
}

}  // namespace

bool is_attention_svg(std::string_view text) { return text.starts_with(kBegin) && text.ends_with("</svg>\n"); }

std::string attention_svg(const torch::Tensor& weights, const std::vector<std::string>& rows, const std::vector<std::string>& columns) {
  const int left = widest(rows), top = widest(columns);
  const int width = left + kCell * static_cast<int>(columns.size()) + 2, height = top + kCell * static_cast<int>(rows.size()) + 2;
  std::string svg = fmt::format(
      "{2}viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height, kBegin);
  for (size_t j = 0; j < columns.size(); ++j) {
    const int x = left + kCell * static_cast<int>(j) + kCell / 2 + 4;
    svg += fmt::format("<text x=\"{0}\" y=\"{1}\" transform=\"rotate(-90 {0} {1})\">{2}</text>\n", x, top - 5, label_text(columns[j]));
  }
  const auto contiguous = weights.contiguous();
  const auto* data = contiguous.const_data_ptr<float>();
  for (size_t i = 0; i < rows.size(); ++i) {
    const int y = top + kCell * static_cast<int>(i);
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", left - 5, y + kCell - 5, label_text(rows[i]));
  }
  const auto draw = rows.size() * columns.size() > kMostSquares ? bitmap : squares;
  return svg + draw(data, rows.size(), columns.size(), left, top) + "</svg>\n";
}

}  // namespace attnzoo
