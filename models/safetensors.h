// Named tensors in one file in the safetensors layout: 8-byte little-endian header length, JSON header, raw data. Python's
// `safetensors` opens what this writes and the other way round.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>

namespace attnzoo {

using NamedTensors = std::map<std::string, torch::Tensor>;
using Metadata = std::map<std::string, std::string>;  // the header's __metadata__

// Written by data/files.h's AtomicFile: complete or not at all.
void save_safetensors(const std::filesystem::path& file, const NamedTensors& tensors, const Metadata& metadata = {});
// Throws CheckpointError naming the file and what is wrong: truncated, header not JSON, offsets that overlap, leave a hole or pass
// the end, unknown dtype, sizes that do not match the shape. Never reads out of bounds.
NamedTensors load_safetensors(const std::filesystem::path& file, Metadata* metadata = nullptr);

}  // namespace attnzoo
