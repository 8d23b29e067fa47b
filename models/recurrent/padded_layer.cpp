#include "models/recurrent/padded_layer.h"

#include <ATen/ATen.h>

namespace attnzoo {

torch::Tensor run_fused_layer(const Cell& ahead, const Cell& back, const torch::Tensor& data, const torch::Tensor& batch_sizes,
                              const torch::Tensor& zero, bool training) {
  const std::vector<torch::Tensor> weights = {ahead.weight_ih, ahead.weight_hh, ahead.bias_ih, ahead.bias_hh,
                                              back.weight_ih,  back.weight_hh,  back.bias_ih,  back.bias_hh};
  switch (ahead.kind) {
    case CellKind::kLstm:
      return std::get<0>(at::lstm(data, batch_sizes, {zero, zero}, weights, true, 1, 0.0, training, true));
    case CellKind::kGru:
      return std::get<0>(at::gru(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
    case CellKind::kTanh:
      return std::get<0>(at::rnn_tanh(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
    case CellKind::kRelu:
      break;
  }
  return std::get<0>(at::rnn_relu(data, batch_sizes, zero, weights, true, 1, 0.0, training, true));
}

torch::Tensor run_masked_layer(const Cell& cell, const torch::Tensor& data, const torch::Tensor& batch_sizes, const torch::Tensor& mask_BH,
                               bool reversed) {
  const at::IntArrayRef rows_of_step(batch_sizes.const_data_ptr<int64_t>(), static_cast<size_t>(batch_sizes.size(0)));
  const auto x = data.split_with_sizes(rows_of_step);
  const auto zero_BH = at::zeros_like(mask_BH);
  // Forward, sentences end along the way; backward, they begin.
  const auto resized = [&](const torch::Tensor& tensor, int64_t rows) {
    const int64_t before = tensor.size(0);
    return before >= rows ? tensor.narrow(0, 0, rows) : at::cat({tensor, zero_BH.narrow(0, before, rows - before)});
  };
  std::vector<torch::Tensor> state(static_cast<size_t>(num_state_tensors(cell.kind)), zero_BH.narrow(0, 0, 0)), h(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t t = reversed ? x.size() - 1 - i : i;
    for (auto& tensor : state) tensor = resized(tensor, rows_of_step[t]);
    state = cell.step(x[t], state, mask_BH.narrow(0, 0, rows_of_step[t]));
    h[t] = state[0];
  }
  return at::cat(h);
}

}  // namespace attnzoo
