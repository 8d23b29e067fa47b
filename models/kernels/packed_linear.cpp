#include "models/kernels/packed_linear.h"

#include "data/parallel.h"
#include "models/kernels/gemm.h"
#include "models/kernels/int8_rows.h"

namespace attnzoo::kernels {
namespace {

class Int8Linear : public PackedLinear {
 public:
  Int8Linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M)
      : weights_(weight_MK.const_data_ptr<float>(), bias_M.defined() ? bias_M.const_data_ptr<float>() : nullptr, weight_MK.size(0),
                 weight_MK.size(1)) {}
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride) const override {
    weights_.apply_rows(x, x_stride, num_rows, out, out_stride);
  }
  int64_t num_outputs() const override { return weights_.num_outputs(); }
  int64_t num_inputs() const override { return weights_.num_inputs(); }

 private:
  Int8Weights weights_;
};

}  // namespace

torch::Tensor PackedLinear::apply(const torch::Tensor& x) const {
  const auto rows = x.contiguous();
  auto shape = x.sizes().vec();
  shape.back() = num_outputs();
  auto out = torch::empty(shape, rows.options());
  const int64_t inputs = num_inputs(), outputs = num_outputs(), num_rows = inputs > 0 ? rows.numel() / inputs : out.numel() / outputs;
  const float* in = rows.const_data_ptr<float>();
  float* result = out.data_ptr<float>();
  // A multiple of the rows that each kernel takes at once.
  parallel_for(0, num_rows, 48, [&](int64_t begin, int64_t end) {
    apply_rows(in + begin * inputs, inputs, end - begin, result + begin * outputs, outputs);
  });
  return out;
}

std::shared_ptr<const PackedLinear> pack_linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M, Compute compute) {
  const auto weight = weight_MK.detach().contiguous();
  const auto bias = bias_M.defined() ? bias_M.detach().contiguous() : bias_M;
  if (compute == Compute::kInt8) return std::make_shared<Int8Linear>(weight, bias);
  return std::make_shared<PackedWeight>(weight, bias);
}

}  // namespace attnzoo::kernels
