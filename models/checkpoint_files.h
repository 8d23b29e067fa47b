// The files of a checkpoint, which a stranger may have made: nothing is read that the manifest does not list, that is not a regular file of
// the checkpoint's own folder, or whose size and checksum are not those of the manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "data/tokenizer.h"

namespace attnzoo {

inline constexpr int64_t kCheckpointFormat = 1;
inline constexpr char kManifestFile[] = "manifest.json";
inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kWeightsFile[] = "weights.safetensors";

// The names of the files that belong to the checkpoint, after comparing sizes and checksums; without `with_extras`, only those that a model
// needs. Throws CheckpointError: no checkpoint, a newer format, a name that is no plain file name, a file that is missing, a link, not a
// regular file, of absurd size, truncated or damaged.
std::set<std::string> verified_checkpoint_files(const std::filesystem::path& directory, bool with_extras);

// Both throw CheckpointError. `names` is what verified_checkpoint_files() gave: a tokeniser that is not among them is not read.
nlohmann::json load_checkpoint_json(const std::filesystem::path& file);
TokenizerPair load_checkpoint_tokenizers(const std::filesystem::path& directory, const std::set<std::string>& names);

}  // namespace attnzoo
