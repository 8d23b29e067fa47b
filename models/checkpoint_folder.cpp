// Checkpoints as folders: finding, pointing to and removing them.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/temporary_path.h"
#include "models/checkpoint.h"
#include "models/checkpoint_files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// The "files" of its manifest; an empty object for what is no checkpoint or has a damaged one.
nlohmann::json listed_files(const fs::path& directory) {
  try {
    const auto manifest = read_json(directory / kManifestFile);
    if (manifest.is_object() && manifest.contains("files") && manifest["files"].is_object()) return manifest["files"];
  } catch (const Error&) {
  }
  return nlohmann::json::object();
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(fs::symlink_status(path, error));
}

// What keeps a folder from being a whole checkpoint: "" if all files of its manifest are there in full. Their checksums are for whoever
// loads them.
std::string fault_of(const fs::path& directory) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(directory, error))) return "is a symbolic link";
  if (!is_folder(directory)) return "is missing";
  const auto files = listed_files(directory);
  if (files.empty()) return fmt::format("has no {}, or a damaged one", kManifestFile);
  for (const auto& [name, entry] : files.items()) {
    const auto size = fs::file_size(directory / name, error);
    if (error) return fmt::format("lacks {}", name);
    const auto listed = entry.is_object() ? entry.value("bytes", nlohmann::json()) : nlohmann::json();
    if (listed != size) return fmt::format("has a {} of {} bytes instead of {}", name, size, json_text(listed));
  }
  return "";
}

bool is_whole(const fs::path& directory) { return fault_of(directory).empty(); }

// The checkpoint that checkpoints/NAME is or points to, or "" and `fault` where there is none.
fs::path named_checkpoint(const fs::path& folder, const std::string& name, std::string& fault) {
  const fs::path entry = folder / name;
  std::error_code error;
  const auto status = fs::symlink_status(entry, error);
  if (!fs::exists(status)) return {};
  // A copy that followed the link.
  if (!fs::is_symlink(status)) {
    if (is_whole(entry)) return entry;
    fault = "is not a whole checkpoint";
    return {};
  }
  const fs::path target = fs::read_symlink(entry, error);
  if (target.has_parent_path() || checkpoint_step(target) < 0)
    fault = fmt::format("points to {}, which is no checkpoint of this run", target.string());
  else if (!is_whole(folder / target))
    fault = fmt::format("points to {}, which is missing or incomplete", target.string());
  else
    return folder / target;
  return {};
}

// "checkpoints/step-000400 lacks config.json", of the newest one that is not whole.
std::string newest_fault(const fs::path& folder) {
  std::string newest;
  for (const std::string& name : names_in(folder))
    if (checkpoint_step(name) > checkpoint_step(newest) && !is_whole(folder / name)) newest = name;
  return newest.empty() ? "" : fmt::format("checkpoints/{} {}", newest, fault_of(folder / newest));
}

fs::path newest_whole(const fs::path& folder) {
  fs::path newest;
  for (const std::string& name : names_in(folder))
    if (const int64_t step = checkpoint_step(name); step > checkpoint_step(newest) && is_whole(folder / name)) newest = folder / name;
  return newest;
}

int64_t saved_step(const fs::path& checkpoint) {
  try {
    const auto state = read_json(checkpoint / "train_state.json");
    if (state.is_object() && state.contains("step") && state["step"].is_number_integer()) return state["step"].get<int64_t>();
  } catch (const Error&) {
  }
  return -1;
}

// A copied run holds folders in place of its links. The copy becomes the checkpoint of its step unless that is there in full: then it goes.
void take_copy_away(const fs::path& folder, const fs::path& copy) {
  const int64_t step = saved_step(copy);
  const fs::path original = folder / checkpoint_name(step);
  if (step >= 0 && is_whole(original)) {
    if (remove_checkpoint(copy)) return;
  } else if (step >= 0 && is_whole(copy)) {
    remove_checkpoint(original);
    if (std::rename(copy.c_str(), original.c_str()) == 0) return;
  }
  fail<CheckpointError>("{}: stands where a link is needed and holds files that are not a checkpoint's ({}); move them away", copy.string(),
                        fmt::join(names_in(copy), ", "));
}

}  // namespace

std::string checkpoint_name(int64_t step) { return fmt::format("step-{:06}", step); }

int64_t checkpoint_step(const fs::path& directory) {
  const std::string name = directory.filename().string();
  int64_t step = -1;
  if (!name.starts_with("step-")) return -1;
  const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
  return error == std::errc() && end == name.data() + name.size() ? step : -1;
}

fs::path find_checkpoint_of_run(const fs::path& run, const std::vector<std::string>& names, std::string* note) {
  const fs::path folder = run / "checkpoints";
  std::vector<std::string> faults;
  for (const std::string& name : names) {
    std::string fault;
    const fs::path found = named_checkpoint(folder, name, fault);
    if (!fault.empty()) faults.push_back(fmt::format("checkpoints/{} {}", name, fault));
    if (found.empty()) continue;
    if (note != nullptr && !faults.empty()) *note = fmt::format("{}: {}; using {}", run.string(), fmt::join(faults, "; "), found.string());
    return found;
  }
  const fs::path newest = newest_whole(folder);
  if (newest.empty()) return newest;
  if (faults.empty()) faults.push_back(fmt::format("has no checkpoints/{}", fmt::join(names, " or checkpoints/")));
  if (note != nullptr)
    *note = fmt::format("{}: {}; using the newest whole checkpoint, {}", run.string(), fmt::join(faults, "; "), newest.string());
  return newest;
}

void fail_without_checkpoint(const fs::path& run) {
  if (const auto fault = newest_fault(run / "checkpoints"); !fault.empty())
    fail<CheckpointError>("{}: holds no whole checkpoint: {}; copy the checkpoint again, or train in another folder", run.string(), fault);
  fail<CheckpointError>("{}: holds no checkpoint (looked for checkpoints/best, checkpoints/last, checkpoints/step-* and {})", run.string(),
                        kManifestFile);
}

fs::path find_checkpoint(const fs::path& run, std::string* note) {
  std::error_code error;
  if (fs::exists(run / kManifestFile, error)) return run;
  if (!fs::exists(run, error)) fail<CheckpointError>("{}: no such run folder or checkpoint", run.string());
  const auto found = find_checkpoint_of_run(run, {"best", "last"}, note);
  if (found.empty()) fail_without_checkpoint(run);
  return found;
}

void point_to_checkpoint(const fs::path& run, const std::string& name, const fs::path& checkpoint) {
  const fs::path folder = run / "checkpoints", entry = folder / name, temporary = new_temporary_name(folder);
  if (is_folder(entry)) take_copy_away(folder, entry);
  std::error_code error;
  fs::create_symlink(checkpoint.filename(), temporary, error);
  if (!error) {
    fs::rename(temporary, entry, error);
    std::error_code ignored;
    if (error) fs::remove(temporary, ignored);
  }
  if (error) fail<CheckpointError>("{}: cannot be pointed to {}: {}", entry.string(), checkpoint.filename().string(), error.message());
  sync_directory(folder);
}

void restore_checkpoint_links(const fs::path& run) {
  for (const char* name : {"best", "last"}) {
    const fs::path copy = run / "checkpoints" / name;
    if (is_folder(copy) && saved_step(copy) >= 0) point_to_checkpoint(run, name, checkpoint_name(saved_step(copy)));
  }
}

std::vector<std::string> checkpoint_files(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(directory / kManifestFile, error))) return {};
  const auto files = listed_files(directory);
  std::vector<std::string> names;
  for (const auto& [name, entry] : files.items())
    if (name.find('/') == std::string::npos && name != kManifestFile) names.push_back(name);
  if (files.empty())  // a damaged manifest
    for (const std::string& name : names_in(directory))
      for (const std::string_view kind : {".json", ".safetensors", ".tokenizer"})
        if (name.ends_with(kind) && name != kManifestFile) names.push_back(name);
  // The last to be removed: until then the rest is known.
  names.push_back(kManifestFile);
  return names;
}

bool remove_checkpoint(const fs::path& directory) {
  if (!is_folder(directory)) return false;
  for (const std::string& name : checkpoint_files(directory)) ::unlink((directory / name).c_str());
  return ::rmdir(directory.c_str()) == 0;
}

}  // namespace attnzoo
