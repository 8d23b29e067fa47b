#include "models/layers/positions.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cmath>

#include "models/kernels/new_floats.h"
#include "models/layers/parameters.h"

namespace attnzoo {
namespace {

constexpr int64_t kTableLength = 1024;
// Entries of a table of sinusoids: 32 MiB. A wider table has fewer rows, as its width may come from a config that nobody checked.
constexpr int64_t kMaxTableEntries = int64_t{1} << 23;

void add_row(const float* row, int64_t dim, float* to) {
  for (int64_t d = 0; d < dim; ++d) to[d] += row[d];
}

}  // namespace

SinusoidalPositions::SinusoidalPositions(int64_t dim) {
  const auto options = parameter_options().dtype(torch::kDouble);
  inverse_wavelength_ = torch::exp(torch::arange(0, dim, 2, options) * (-std::log(10000.0) / static_cast<double>(dim)));
  table_ = compute(torch::arange(std::min(kTableLength, kMaxTableEntries / dim), options)).to(torch::kFloat);
}

torch::Tensor SinusoidalPositions::compute(const torch::Tensor& position) const {
  const auto place = position.to(torch::kDouble).unsqueeze(-1);
  const auto angle = place * inverse_wavelength_.type_as(place);  // not to(device), which a trace would keep
  return torch::stack({angle.sin(), angle.cos()}, -1).flatten(-2);
}

torch::Tensor SinusoidalPositions::operator()(const torch::Tensor& position, const torch::TensorOptions& options) const {
  // A table would bound the length of a traced model, and a lookup on another device costs a copy: compute there.
  const bool use_table = position.device().is_cpu() && !torch::jit::tracer::isTracing() && position.numel() > 0 &&
                         position.max().item<int64_t>() < table_.size(0);
  if (!use_table) return compute(position).to(options.dtype().toScalarType());
  return table_.index_select(0, position.flatten()).unflatten(0, position.sizes()).to(options);
}

void SinusoidalPositions::add_to(float* x, int64_t position) const {
  const int64_t dim = table_.size(1);
  if (position < table_.size(0)) return add_row(table_.const_data_ptr<float>() + position * dim, dim, x);
  add_row(compute(at::scalar_tensor(position, torch::kLong)).to(torch::kFloat).const_data_ptr<float>(), dim, x);
}

AddedPositions::AddedPositions(torch::nn::Module& owner, const std::string& kind, int64_t dim) {
  if (kind == "sinusoidal") sinusoids_.emplace(dim);
  // As large as an embedding's entries are at first.
  if (kind == "learned") learned_ = owner.register_parameter("positions", torch::randn({kTableLength, dim}, parameter_options()) * 0.1);
}

torch::Tensor AddedPositions::add_to(torch::Tensor x, const torch::Tensor& position) const {
  if (sinusoids_) x = x + (*sinusoids_)(position, x.options().requires_grad(false));
  if (learned_.defined()) x = x + at::embedding(learned_, position.clamp_max(kTableLength - 1));
  return x;
}

torch::Tensor AddedPositions::scaled_plus(const torch::Tensor& x, float scale, const torch::Tensor& position) const {
  const auto rows = x.contiguous(), positions = position.contiguous();
  auto out = kernels::new_floats(x.sizes());
  const int64_t dim = x.size(-1), num_rows = positions.numel();
  for (int64_t n = 0; n < num_rows; ++n) {
    const int64_t place = positions.const_data_ptr<int64_t>()[n];
    const float* from = rows.const_data_ptr<float>() + n * dim;
    float* to = out.mutable_data_ptr<float>() + n * dim;
    for (int64_t d = 0; d < dim; ++d) to[d] = from[d] * scale;
    if (sinusoids_) sinusoids_->add_to(to, place);
    if (learned_.defined()) add_row(learned_.const_data_ptr<float>() + std::min(place, kTableLength - 1) * dim, dim, to);
  }
  return out;
}

}  // namespace attnzoo
