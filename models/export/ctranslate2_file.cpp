#include "models/export/ctranslate2_file.h"

#include <ATen/ATen.h>

#include <limits>
#include <utility>
#include <vector>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

constexpr uint32_t kBinaryVersion = 6;

template <class Integer>
void write_integer(AtomicFile& file, Integer value) {
  file.write(&value, sizeof value);
}

void write_string(AtomicFile& file, const std::string& text) {
  write_integer(file, static_cast<uint16_t>(text.size() + 1));
  file.write(text.c_str(), text.size() + 1);
}

uint8_t type_number(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat:
      return 0;
    case torch::kChar:
      return 1;
    case torch::kShort:
      return 2;
    case torch::kInt:
      return 3;
    default:
      fail<CheckpointError>("CTranslate2's file has no place for the type {}", torch::toString(type));
  }
}

void write_variable(AtomicFile& file, const std::string& name, const torch::Tensor& value) {
  if (value.nbytes() > std::numeric_limits<uint32_t>::max())
    fail<CheckpointError>("{} has {} bytes; CTranslate2's file holds variables of less than 4294967296", name, value.nbytes());
  write_string(file, name);
  write_integer(file, static_cast<uint8_t>(value.dim()));
  for (const int64_t size : value.sizes()) write_integer(file, static_cast<uint32_t>(size));
  write_integer(file, type_number(value.scalar_type()));
  write_integer(file, static_cast<uint32_t>(value.nbytes()));
  file.write(value.const_data_ptr(), value.nbytes());
}

bool is_matrix_weight(const std::string& name, const torch::Tensor& value) { return value.dim() == 2 && name.ends_with("/weight"); }

// One factor per row: 1 for a row of zeros, the largest float where the factor would be infinite.
torch::Tensor row_scales(const torch::Tensor& weight) {
  const auto largest = weight.abs().amax(1);
  const double least = 127.0 / static_cast<double>(std::numeric_limits<float>::max());
  return 127.0 / largest.masked_fill(largest == 0, 127.0).clamp_min(least);
}

}  // namespace

void Ctranslate2Variables::set(const std::string& name, const torch::Tensor& weight) {
  variables_[name] = weight.detach().cpu().to(torch::kFloat).contiguous();
}

void Ctranslate2Variables::set_scalar(const std::string& name, const torch::Scalar& value, torch::ScalarType type) {
  variables_[name] = at::scalar_tensor(value, torch::TensorOptions(type));
}

void Ctranslate2Variables::save(const std::filesystem::path& path, const std::string& specification, uint32_t revision, bool int8) const {
  std::map<std::pair<const void*, std::vector<int64_t>>, std::string> first_names;
  std::vector<std::pair<std::string, torch::Tensor>> variables;
  std::vector<std::pair<std::string, std::string>> aliases;
  for (const auto& [name, value] : variables_) {
    const auto [first, is_new] = first_names.emplace(std::pair(value.const_data_ptr(), value.sizes().vec()), name);
    if (!is_new) {
      aliases.emplace_back(name, first->second);
    } else if (int8 && is_matrix_weight(name, value)) {
      const auto scales = row_scales(value);
      variables.emplace_back(name, (value * scales.unsqueeze(1)).round().to(torch::kChar));
      variables.emplace_back(name + "_scale", scales);
    } else {
      variables.emplace_back(name, value);
    }
  }

  AtomicFile file(path);
  write_integer(file, kBinaryVersion);
  write_string(file, specification);
  write_integer(file, revision);
  write_integer(file, static_cast<uint32_t>(variables.size()));
  for (const auto& [name, value] : variables) write_variable(file, name, value);
  write_integer(file, static_cast<uint32_t>(aliases.size()));
  for (const auto& [alias, name] : aliases) {
    write_string(file, alias);
    write_string(file, name);
  }
  file.commit();
}

}  // namespace attnzoo
