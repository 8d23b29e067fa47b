// The weights of a CTranslate2 model: model.bin, binary version 6, little-endian, with named variables. A string is its length with the
// closing zero (uint16), the bytes and the zero.
//   uint32 6, string specification, uint32 its revision
//   uint32 number of variables, each: string name, uint8 rank, uint32 sizes.., uint8 type, uint32 bytes, data
//   uint32 number of aliases, each: string alias, string name of the variable
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace attnzoo {

class Ctranslate2Variables {
 public:
  // Weights become float32. A tensor (same memory and shape) with several names is written once, with aliases.
  void set(const std::string& name, const torch::Tensor& weight);
  // A setting, stored as a scalar.
  void set_int8(const std::string& name, int64_t value) { set_scalar(name, value, torch::kChar); }
  void set_int16(const std::string& name, int64_t value) { set_scalar(name, value, torch::kShort); }
  void set_int32(const std::string& name, int64_t value) { set_scalar(name, value, torch::kInt); }
  void set_float(const std::string& name, double value) { set_scalar(name, value, torch::kFloat); }

  // Writes the whole file or none. int8: each row of a matrix named NAME/weight is multiplied by 127 / its largest magnitude and rounded to
  // integers; the factors become the variable NAME/weight_scale. Throws DataError if the file cannot be written, CheckpointError for a
  // variable of 4 GiB or more, which the format cannot hold.
  void save(const std::filesystem::path& file, const std::string& specification, uint32_t revision, bool int8) const;

 private:
  void set_scalar(const std::string& name, const torch::Scalar& value, torch::ScalarType type);
  std::map<std::string, torch::Tensor> variables_;
};

}  // namespace attnzoo
