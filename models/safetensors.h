// Named tensors in one file in the safetensors layout: 8-byte little-endian header length, JSON header, raw data. Python's
// `safetensors` opens what this writes, and vice versa.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace attnzoo {

using NamedTensors = std::map<std::string, torch::Tensor>;
using Metadata = std::map<std::string, std::string>;  // the header's __metadata__

// Written by data/files.h's AtomicFile: complete or not at all.
void save_safetensors(const std::filesystem::path& file, const NamedTensors& tensors, const Metadata& metadata = {});
// Takes memory in proportion to the file, whoever made it, and never reads out of bounds. Throws CheckpointError naming the file and the
// fault: not a regular file, larger than the machine's memory, truncated, a header that is too long, is not JSON or names a tensor twice,
// offsets that overlap, leave a hole or pass the end, an unknown dtype, sizes that do not match the shape.
NamedTensors load_safetensors(const std::filesystem::path& file, Metadata* metadata = nullptr);

// Throws CheckpointError where a file of so many bytes cannot be held in memory.
void check_fits_memory(uint64_t num_bytes, const std::string& where);
// The format's name of a type: "F32", "BOOL".
const char* safetensors_name(torch::ScalarType type);

}  // namespace attnzoo
