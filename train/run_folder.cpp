#include "train/run_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cache_folder.h"
#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/temporary_path.h"
#include "models/checkpoint.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// Not the name of a cache's lock, for data.cache may name the run folder itself.
constexpr const char* kRunLock = "training.lock";

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(fs::symlink_status(path, error));
}

void refuse_link(const fs::path& path) {
  if (is_link(path))
    fail<ConfigError>(
        "{}: is a symbolic link; in a run folder only checkpoints/best and checkpoints/last may be links, because training writes to all "
        "others: replace it with what it points to, or remove it",
        path.string());
}

std::string config_text(const nlohmann::json& config) {
  return config.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Whether `file` is a configuration as write_config() leaves it.
bool is_config_of_run(const fs::path& file) {
  try {
    const std::string content = read_file(file, kMaxFileBytes, Links::kRefuse);
    const auto config = parse_json(content, file.string());
    const auto has = [&](const char* field) { return config.contains(nlohmann::json::json_pointer(field)); };
    return content == config_text(config) && has("/data/clean/empty") && has("/model/family") && has("/train/report_every");
  } catch (const Error&) {
    return false;
  }
}

// Whether `file` begins as the log of a run does, or is empty.
bool is_log_of_run(const fs::path& file) {
  try {
    const Stream stream = open_regular_file(file, Links::kRefuse);
    std::string line(4096, '\0');
    line.resize(std::fread(line.data(), 1, line.size(), stream.get()));
    line.resize(std::min(line.find('\n'), line.size()));
    if (line.empty()) return true;
    const auto start = parse_json(line, file.string());
    return start.is_object() && start.size() == 4 && start.value("event", nlohmann::json()) == "start" && start.contains("elapsed_s") &&
           start.contains("parameters") && start.contains("step");
  } catch (const Error&) {
    return false;
  }
}

// What a start leaves before its first checkpoint, and nothing else.
bool is_left_by_a_start(const fs::path& entry) {
  const std::string name = entry.filename().string();
  if (name == kRunLock) return true;
  if (name == "config.json") return is_config_of_run(entry);
  if (name == "log.jsonl") return is_log_of_run(entry);
  if (name == "checkpoints") return names_in(entry).empty();
  if (name == "tensorboard")
    return !is_link(entry) && std::ranges::all_of(names_in(entry), [](const std::string& file) {
      return file.starts_with("events.out.tfevents.") && file.ends_with(".attnzoo");
    });
  if (name != "prepared") return false;
  std::set<std::string> prepared(kCacheFiles.begin(), kCacheFiles.end());
  prepared.insert(kCacheLock);
  const auto names = names_in(entry);
  if (!std::ranges::all_of(names, [&](const std::string& file) { return prepared.contains(file); })) return false;
  try {
    refuse_cache_of_others(entry);
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace

fs::path RunFolder::checkpoint(int64_t step) const { return path_ / "checkpoints" / checkpoint_name(step); }

std::unique_ptr<const FolderLock> RunFolder::lock() const {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) fail<ConfigError>("{}: is a file; --run needs a folder", path_.string());
  auto lock = std::make_unique<const FolderLock>(path_ / kRunLock, "choose another folder with --run", [&](const std::string& owner) {
    fail<ConfigError>("{}: {} is training in this folder; wait until it ends, or choose another folder with --run", path_.string(), owner);
  });
  refuse_links();
  for (const auto& folder : {path_, prepared(), path_ / "checkpoints"}) remove_leftovers(folder);
  return lock;
}

void RunFolder::refuse_links() const {
  const fs::path checkpoints = path_ / "checkpoints";
  for (const auto& entry : {path_ / "config.json", log(), prepared(), checkpoints}) refuse_link(entry);
  for (const std::string& name : names_in(prepared())) refuse_link(prepared() / name);
  for (const std::string& name : names_in(checkpoints)) {
    if (name != "best" && name != "last") refuse_link(checkpoints / name);
    if (is_link(checkpoints / name)) continue;
    for (const std::string& file : names_in(checkpoints / name)) refuse_link(checkpoints / name / file);
  }
}

void RunFolder::create() const {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) fail<ConfigError>("{}: is a file; --run needs a folder", path_.string());
  if (!steps().empty())
    fail<ConfigError>("{}: already holds a training run; pass --resume to continue it, or choose another folder", path_.string());
  for (const std::string& name : names_in(path_))
    if (!is_left_by_a_start(path_ / name))
      fail<ConfigError>("{}: the folder is not empty (it holds {}); choose a new or empty folder for --run", path_.string(), name);
  fs::create_directories(path_, error);
  if (error) fail<ConfigError>("{}: the run folder cannot be made: {}", path_.string(), error.message());
}

fs::path RunFolder::last(std::string* note) const {
  std::error_code error;
  if (!fs::is_directory(path_, error)) fail<CheckpointError>("{}: no such run folder; start one without --resume", path_.string());
  const auto found = find_checkpoint_of_run(path_, {"last"}, note);
  if (found.empty() && names_in(path_ / "checkpoints").empty())
    fail<CheckpointError>("{}: holds no checkpoint to resume from; start the run again without --resume", path_.string());
  if (found.empty()) fail_without_checkpoint(path_);
  return found;
}

void RunFolder::write_config(const nlohmann::json& config) const { write_file(path_ / "config.json", config_text(config), Links::kRefuse); }

std::vector<int64_t> RunFolder::steps() const {
  const fs::path folder = path_ / "checkpoints";
  std::vector<int64_t> steps;
  for (const std::string& name : names_in(folder))
    if (checkpoint_step(name) >= 0 && !is_link(folder / name) && !checkpoint_files(folder / name).empty())
      steps.push_back(checkpoint_step(name));
  std::ranges::sort(steps);
  return steps;
}

void RunFolder::prune(int64_t keep, int64_t best) const {
  const fs::path folder = path_ / "checkpoints";
  std::set<int64_t> kept = {best};
  for (const char* name : {"best", "last"}) {
    std::error_code error;
    const auto target = fs::read_symlink(folder / name, error);
    if (!error) kept.insert(checkpoint_step(target));
  }
  const auto all = steps();
  for (size_t i = 0; i < all.size(); ++i)
    // What cannot be removed now goes next time.
    if (static_cast<int64_t>(all.size() - i) > keep && !kept.contains(all[i])) remove_checkpoint(checkpoint(all[i]));
  remove_leftovers(folder);
}

}  // namespace attnzoo
