#include "train/compute_rate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "train/optimizer.h"

namespace attnzoo {

MatmulParameters::MatmulParameters(const Seq2SeqModel& model) {
  const auto output = model.output_weight_VD();
  for (const auto& [name, parameter] : trainable_parameters(model)) {
    if (parameter.dim() < 2) continue;
    const bool is_output = output.defined() && parameter.is_same(output);
    if (!is_output && name.find("embedding") != std::string::npos) continue;
    (name.starts_with("encoder") ? source : target) += parameter.numel();
  }
}

double MatmulParameters::training_flops(int64_t num_source_tokens, int64_t num_target_tokens) const {
  return 6.0 * (static_cast<double>(source) * static_cast<double>(num_source_tokens) +
                static_cast<double>(target) * static_cast<double>(num_target_tokens));
}

double measure_matmul_rate(torch::Device device, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr std::array<std::array<int64_t, 3>, 3> shapes = {{{4096, 512, 512}, {4096, 512, 2048}, {2048, 256, 8000}}};
  const torch::NoGradGuard no_grad;
  double best = 0;
  for (const auto& [rows, inner, columns] : shapes) {
    const auto options = torch::TensorOptions(torch::kFloat).device(device);
    const auto left = torch::ones({rows, inner}, options), right = torch::ones({inner, columns}, options);
    auto product = torch::empty({rows, columns}, options);
    const double flops = 2.0 * static_cast<double>(rows * inner * columns);
    const auto until = Clock::now() + std::chrono::duration<double>(seconds / shapes.size());
    do {
      const auto begin = Clock::now();
      at::mm_out(product, left, right);
      if (!device.is_cpu()) product.view(-1)[0].item<float>();  // waits for the device
      best = std::max(best, flops / std::chrono::duration<double>(Clock::now() - begin).count());
    } while (Clock::now() < until);
  }
  return best;
}

}  // namespace attnzoo
