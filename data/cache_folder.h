// The folder of prepared files, and which files in it attnzoo may replace.
#pragma once

#include <array>
#include <filesystem>

namespace attnzoo {

// The file in it that data/folder_lock.h locks.
inline constexpr const char* kCacheLock = "lock";

// The files that a cache may hold, its lock aside. Programs protect these, and take only these for their own.
inline constexpr std::array<const char*, 6> kCacheFiles = {"source.tokenizer", "target.tokenizer", "train.corpus",
                                                           "valid.corpus",     "prepared.json",    "runs.json"};

// Throws DataError where a file under the name of a prepared one (source.tokenizer, target.tokenizer, train.corpus, valid.corpus,
// prepared.json, runs.json) was not made by attnzoo, or is a symbolic link: it would be replaced.
void refuse_cache_of_others(const std::filesystem::path& cache);

// A cache outside the run folder remembers which runs its user gave it to (runs.json), because a run that comes from somebody else could
// name any folder of the user's. `run` is a run folder.
void remember_run(const std::filesystem::path& cache, const std::filesystem::path& run);
bool knows_run(const std::filesystem::path& cache, const std::filesystem::path& run);

}  // namespace attnzoo
