// Attention as a picture for a paper: an SVG file without scripts, fonts or colours of a theme.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// weights [rows, columns] in 0 .. 1, float, on the CPU: one square each, white to blue. Labels may be any text. Of a matrix with many
// weights the squares are one embedded bitmap.
inline constexpr size_t kMostSquares = 10'000;
std::string attention_svg(const torch::Tensor& weights, const std::vector<std::string>& rows, const std::vector<std::string>& columns);

// Whether a file's text is such a picture, as it was written.
bool is_attention_svg(std::string_view text);

}  // namespace attnzoo
