#include "models/kernels/packed_linear.h"

#include <algorithm>

#include "data/parallel.h"
#include "models/kernels/gemm.h"
#include "models/kernels/int8_rows.h"
#include "models/kernels/new_floats.h"

namespace attnzoo::kernels {
namespace {

class Int8Linear : public PackedLinear {
 public:
  Int8Linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M)
      : weights_(weight_MK.const_data_ptr<float>(), bias_M.defined() ? bias_M.const_data_ptr<float>() : nullptr, weight_MK.size(0),
                 weight_MK.size(1)) {}
  void apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride, const RowEpilogue& epilogue,
                  PanelRange panels) const override {
    weights_.apply_rows(x, x_stride, num_rows, out, out_stride, epilogue, panels.begin, panels.end);
  }
  int64_t num_panels() const override { return weights_.num_panels(); }
  int64_t num_outputs() const override { return weights_.num_outputs(); }
  int64_t num_inputs() const override { return weights_.num_inputs(); }

 private:
  Int8Weights weights_;
};

}  // namespace

torch::Tensor PackedLinear::apply(const torch::Tensor& x, const Epilogue& epilogue) const {
  auto shape = x.sizes().vec();
  shape.back() = num_outputs();
  auto out = new_floats(shape);
  const int64_t num_rows = out.numel() / num_outputs();
  const auto rows_of = [&](const torch::Tensor& tensor, int64_t width) {
    return tensor.dim() == 2 || !tensor.defined() ? tensor : tensor.reshape({num_rows, width});
  };
  apply_to(rows_of(out, num_outputs()), rows_of(x, num_inputs()), {epilogue.relu, rows_of(epilogue.add, num_outputs())});
  return out;
}

void PackedLinear::apply_to(const torch::Tensor& out_NM, const torch::Tensor& x_NK, const Epilogue& epilogue) const {
  const auto rows_of = [](const torch::Tensor& tensor) { return tensor.stride(1) == 1 ? tensor : tensor.contiguous(); };
  const auto x = rows_of(x_NK), add = epilogue.add.defined() ? rows_of(epilogue.add) : epilogue.add;
  const int64_t num_rows = x.size(0), x_stride = x.stride(0), out_stride = out_NM.stride(0), add_stride = add.defined() ? add.stride(0) : 0;
  const float *from = x.const_data_ptr<float>(), *added = add.defined() ? add.const_data_ptr<float>() : nullptr;
  float* to = out_NM.mutable_data_ptr<float>();
  const auto run = [&](int64_t begin, int64_t end, PanelRange panels) {
    apply_rows(from + begin * x_stride, x_stride, end - begin, to + begin * out_stride, out_stride,
               {epilogue.relu, added ? added + begin * add_stride : nullptr, add_stride}, panels);
  };
  // A multiple of the rows that each kernel takes at once. Where that leaves threads without work, columns are divided, too, unless the
  // product is so small that waking a thread takes as long.
  constexpr int64_t kRows = 48, kSmall = 1 << 18;
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads(), row_chunks = (num_rows + kRows - 1) / kRows;
  if (row_chunks >= threads || num_rows * num_inputs() * num_outputs() < kSmall) {
    parallel_for(0, num_rows, kRows, [&](int64_t begin, int64_t end) { run(begin, end, {0, num_panels()}); });
    return;
  }
  const int64_t column_chunks = std::min(num_panels(), (threads + row_chunks - 1) / row_chunks);
  parallel_for(0, row_chunks * column_chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / column_chunks * kRows, column = task % column_chunks;
      run(row, std::min(row + kRows, num_rows), {column * num_panels() / column_chunks, (column + 1) * num_panels() / column_chunks});
    }
  });
}

std::shared_ptr<const PackedLinear> pack_linear(const torch::Tensor& weight_MK, const torch::Tensor& bias_M, Compute compute) {
  const auto weight = weight_MK.detach();
  const auto bias = bias_M.defined() ? bias_M.detach().contiguous() : bias_M;
  if (compute == Compute::kInt8) return std::make_shared<Int8Linear>(weight.contiguous(), bias);
  return std::make_shared<PackedWeight>(weight, bias);
}

}  // namespace attnzoo::kernels
