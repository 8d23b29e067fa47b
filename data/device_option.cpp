#include "data/device_option.h"

#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>

namespace attnzoo {

void add_device_option(cxxopts::OptionAdder& options) {
  options("device", "cpu, cuda or cuda:N", cxxopts::value<std::string>()->default_value("cpu"), "DEVICE");
}

c10::Device device_option(const cxxopts::ParseResult& arguments) {
  const auto name = arguments["device"].as<std::string>();
  if (name == "cpu") return c10::kCPU;
  const bool numbered = name.starts_with("cuda:");
  const std::string number = numbered ? name.substr(5) : "";
  const bool is_number = !number.empty() && std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  if (name != "cuda" && !is_number) throw UsageError(fmt::format("--device: unknown device '{}'; accepted: cpu, cuda, cuda:N", name));
  if (!torch::cuda::is_available())
    throw UsageError(fmt::format("--device {}: this machine or this LibTorch has no CUDA; use --device cpu", name));
  if (!numbered) return c10::kCUDA;
  const size_t num_devices = torch::cuda::device_count();
  const int index = number.size() > 3 ? 1000 : std::stoi(number);
  if (static_cast<size_t>(index) >= num_devices)
    throw UsageError(fmt::format("--device {}: the CUDA devices of this machine are cuda:0 to cuda:{}", name, num_devices - 1));
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace attnzoo
