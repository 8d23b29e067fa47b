// Attention as a picture for a paper: an SVG file without scripts, fonts or colours of a theme.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace attnzoo {

// weights [rows, columns] in 0 .. 1, float, on the CPU: one square each, white to blue. Labels may be any text.
std::string attention_svg(const torch::Tensor& weights, const std::vector<std::string>& rows, const std::vector<std::string>& columns);

}  // namespace attnzoo
