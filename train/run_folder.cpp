#include "train/run_folder.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// The step of "step-000400", or -1.
int64_t step_of(const fs::path& directory) {
  const std::string name = directory.filename().string();
  int64_t step = -1;
  if (!name.starts_with("step-")) return -1;
  const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
  return error == std::errc() && end == name.data() + name.size() ? step : -1;
}

}  // namespace

fs::path RunFolder::checkpoint(int64_t step) const { return path_ / "checkpoints" / fmt::format("step-{:06}", step); }

void RunFolder::create() const {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) fail<ConfigError>("{}: is a file; --run needs a folder", path_.string());
  if (!steps().empty())
    fail<ConfigError>("{}: holds a training run already; pass --resume to go on with it, or choose another folder", path_.string());
  if (fs::exists(path_, error)) {
    const std::set<std::string> own = {"config.json", "log.jsonl", "prepared", "checkpoints"};
    for (const auto& entry : fs::directory_iterator(path_))
      if (!own.count(entry.path().filename().string()))
        fail<ConfigError>("{}: the folder is not empty (it holds {}); choose a new or empty folder for --run", path_.string(),
                          entry.path().filename().string());
  }
  fs::create_directories(path_ / "checkpoints", error);
  if (error) fail<ConfigError>("{}: the run folder cannot be made: {}", path_.string(), error.message());
}

fs::path RunFolder::last() const {
  std::error_code error;
  if (!fs::is_directory(path_, error)) fail<CheckpointError>("{}: no such run folder; start one without --resume", path_.string());
  const fs::path link = path_ / "checkpoints" / "last";
  if (!fs::exists(link, error))
    fail<CheckpointError>("{}: holds no checkpoint to resume from; start the run anew without --resume", path_.string());
  return path_ / "checkpoints" / fs::read_symlink(link).filename();
}

void RunFolder::write_config(const nlohmann::json& config) const { write_file(path_ / "config.json", config.dump(2) + "\n"); }

std::vector<int64_t> RunFolder::steps() const {
  std::set<int64_t> steps;
  std::error_code error;
  for (fs::directory_iterator entry(path_ / "checkpoints", error), end; !error && entry != end; entry.increment(error))
    if (const int64_t step = step_of(entry->path()); step >= 0 && entry->is_directory()) steps.insert(step);
  return {steps.begin(), steps.end()};
}

void RunFolder::prune(int64_t keep) const {
  const fs::path folder = path_ / "checkpoints";
  std::set<int64_t> kept;
  for (const char* name : {"best", "last"}) {
    std::error_code error;
    const auto target = fs::read_symlink(folder / name, error);
    if (!error) kept.insert(step_of(target));
  }
  const auto all = steps();
  for (size_t i = 0; i < all.size(); ++i) {
    std::error_code ignored;  // what cannot be removed now goes next time
    if (static_cast<int64_t>(all.size() - i) > keep && !kept.count(all[i])) fs::remove_all(checkpoint(all[i]), ignored);
  }
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_directory() && entry.path().extension() == ".tmp") leftovers.push_back(entry.path());
  for (const auto& leftover : leftovers) fs::remove_all(leftover, error);
}

}  // namespace attnzoo
