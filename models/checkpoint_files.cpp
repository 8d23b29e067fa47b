#include "models/checkpoint_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "models/safetensors.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSourceTokenizerFile = "source.tokenizer";
constexpr const char* kTargetTokenizerFile = "target.tokenizer";

// Far above what any checkpoint holds; a larger file is damaged or hostile.
constexpr uintmax_t kMaxManifestBytes = 1'000'000, kMaxJsonBytes = 16'000'000, kMaxTokenizerBytes = 1'000'000'000;

// The size of a checkpoint's own file. What is a link, or no regular file, is refused: reading it might never end, or leave the folder.
uintmax_t checked_size(const fs::path& file) {
  std::error_code error;
  const auto status = fs::symlink_status(file, error);
  if (fs::is_symlink(status))
    fail<CheckpointError>("{}: is a symbolic link; a checkpoint holds its files themselves: copy it with cp -rL", file.string());
  if (!fs::exists(status))
    fail<CheckpointError>("{}: missing from the checkpoint; copy it again or choose another checkpoint", file.string());
  if (!fs::is_regular_file(status)) fail<CheckpointError>("{}: is not a regular file; copy the checkpoint again", file.string());
  const auto size = fs::file_size(file, error);
  if (error) fail<CheckpointError>("{}: cannot be read: {}", file.string(), error.message());
  if (file.extension() == ".safetensors") {
    check_fits_memory(size, file.string());
  } else {
    const bool json = file.extension() == ".json";
    const auto bound = file.filename() == kManifestFile ? kMaxManifestBytes : json ? kMaxJsonBytes : kMaxTokenizerBytes;
    if (size > bound) fail<CheckpointError>("{}: {} bytes long; at most {} are accepted", file.string(), size, bound);
  }
  return size;
}

// A name that a writer of checkpoints might have given: it stays inside the folder, and a message can show it.
bool is_file_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." && name != kManifestFile &&
         std::all_of(name.begin(), name.end(), [](unsigned char byte) { return byte > 0x20 && byte < 0x7F && byte != '/'; });
}

void verify_file(const fs::path& file, const nlohmann::json& entry) {
  const auto num_bytes = checked_size(file), expected = entry["bytes"].get<uintmax_t>();
  if (num_bytes != expected)
    fail<CheckpointError>("{}: {} bytes long instead of {}; the file is truncated or damaged, choose another checkpoint", file.string(),
                          num_bytes, expected);
  const auto crc = fmt::format("{:08x}", crc32_of_file(file)), wanted = entry["crc32"].get<std::string>();
  if (crc != wanted)
    fail<CheckpointError>("{}: damaged: its checksum is {} instead of {}; choose another checkpoint", file.string(), crc, wanted);
}

}  // namespace

nlohmann::json load_checkpoint_json(const fs::path& file) {
  try {
    return parse_json(read_file(file, kMaxJsonBytes, Links::kRefuse), file.string());
  } catch (const Error& error) {
    throw CheckpointError(error.what());
  }
}

std::set<std::string> verified_checkpoint_files(const fs::path& directory, bool with_extras) {
  const auto where = directory.string();
  const auto manifest_file = directory / kManifestFile;
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) fail<CheckpointError>("{}: no such checkpoint", where);
  if (!fs::exists(fs::symlink_status(manifest_file, ignored)))
    fail<CheckpointError>("{}: not a checkpoint, or an incomplete one: it has no {}", where, kManifestFile);
  checked_size(manifest_file);
  const auto manifest = load_checkpoint_json(manifest_file);
  const auto damaged = [&] { fail<CheckpointError>("{}: damaged: it does not list the checkpoint's files", manifest_file.string()); };
  if (!manifest.is_object() || !manifest.contains("format") || !manifest["format"].is_number_integer()) damaged();
  const auto& format = manifest["format"];
  if (format.is_number_unsigned() && format.get<uint64_t>() > uint64_t{kCheckpointFormat})
    fail<CheckpointError>("{}: written in format {} by a newer program; this one reads up to format {}: update it", where, format.dump(),
                          kCheckpointFormat);
  if (format < 1 || !manifest.contains("files") || !manifest["files"].is_object()) damaged();

  std::set<std::string> names;
  for (const auto& [name, entry] : manifest["files"].items()) {
    const bool well_formed = is_file_name(name) && entry.is_object() && entry.contains("bytes") && entry["bytes"].is_number_unsigned() &&
                             entry.contains("crc32") && entry["crc32"].is_string() &&
                             entry["crc32"].get_ref<const std::string&>().size() == 8;
    if (!well_formed) damaged();
    const bool needed = name == kConfigFile || name == kWeightsFile || name == kSourceTokenizerFile || name == kTargetTokenizerFile;
    if (!needed && !with_extras) continue;
    verify_file(directory / name, entry);
    names.insert(name);
  }
  for (const char* required : {kConfigFile, kWeightsFile, kSourceTokenizerFile})
    if (!names.contains(required)) fail<CheckpointError>("{}: the manifest lists no {}", where, required);
  return names;
}

TokenizerPair load_checkpoint_tokenizers(const fs::path& directory, const std::set<std::string>& names) {
  const auto load_side = [&](const char* name) {
    const auto file = directory / name;
    try {
      return load_tokenizer(read_file(file), file.string());
    } catch (const Error& error) {
      throw CheckpointError(error.what());
    }
  };
  const auto source = load_side(kSourceTokenizerFile);
  return {source, names.contains(kTargetTokenizerFile) ? load_side(kTargetTokenizerFile) : source};
}

}  // namespace attnzoo
