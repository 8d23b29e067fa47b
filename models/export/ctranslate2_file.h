// The weights of a CTranslate2 model, model.bin: named variables in a binary of version 6, little-endian. A string is its length with the
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
  // Weights become float32. The same tensor (the same memory and shape) under several names is written once, the other names as aliases.
  void set(const std::string& name, const torch::Tensor& weight);
  // A setting, stored as a scalar.
  void set_int8(const std::string& name, int64_t value) { set_scalar(name, value, torch::kChar); }
  void set_int16(const std::string& name, int64_t value) { set_scalar(name, value, torch::kShort); }
  void set_int32(const std::string& name, int64_t value) { set_scalar(name, value, torch::kInt); }
  void set_float(const std::string& name, double value) { set_scalar(name, value, torch::kFloat); }

  // Complete or not at all. int8: every matrix that is named NAME/weight is rounded to whole numbers of -127 .. 127, each of its rows
  // multiplied by 127 / its largest magnitude first; these factors become the variable NAME/weight_scale. Throws DataError where the file
  // cannot be written, CheckpointError for a variable of 4 GiB or more, whose size the format cannot say.
  void save(const std::filesystem::path& file, const std::string& specification, uint32_t revision, bool int8) const;

 private:
  void set_scalar(const std::string& name, const torch::Scalar& value, torch::ScalarType type);
  std::map<std::string, torch::Tensor> variables_;
};

}  // namespace attnzoo
