#include "models/recurrent/ssru.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/layers/elementwise.h"

namespace attnzoo {
namespace {

// maps: W x and W_f x + b_f, side by side.
torch::Tensor next_cell(const torch::Tensor& maps, const torch::Tensor& c, bool frozen) {
  const auto parts = maps.chunk(2, -1);
  return at::lerp(parts[0], c, apply_elementwise(at::sigmoid, parts[1], frozen));
}

torch::Tensor added(const torch::Tensor& onto, const torch::Tensor& y) { return onto.defined() ? onto + y : y; }

}  // namespace

Ssru::Ssru(int64_t dim) : maps_(add_linear(*this, "maps", dim, 2 * dim, true, std::sqrt(1.5))) {}

torch::Tensor Ssru::step(const torch::Tensor& x_ND, torch::Tensor& c_ND, const torch::Tensor& onto) const {
  c_ND = next_cell(maps_->forward(x_ND), c_ND, frozen());
  return added(onto, c_ND.relu());
}

torch::Tensor Ssru::forward(const torch::Tensor& x, const Rows& rows, const torch::Tensor& onto) const {
  const auto maps_BTE = rows.to_padded(maps_->forward(x));
  auto c = at::zeros_like(maps_BTE.select(1, 0).chunk(2, -1)[0]);
  std::vector<torch::Tensor> cells;
  for (const auto& maps_BE : maps_BTE.unbind(1)) {
    c = next_cell(maps_BE, c, frozen());
    cells.push_back(c);
  }
  return added(onto, rows.from_padded(at::stack(cells, 1).relu()));
}

}  // namespace attnzoo
