#include "data/cache_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/corpus_format.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunsFile = "runs.json";
constexpr uint64_t kMaxRunsBytes = uint64_t{1} << 20;

// Whether `file` begins as attnzoo's files of its kind do. A truncated or damaged one of them still does.
bool begins_with(const fs::path& file, std::string_view magic) {
  const Stream stream = open_regular_file(file, Links::kRefuse);
  std::string begin(magic.size(), '\0');
  begin.resize(std::fread(begin.data(), 1, begin.size(), stream.get()));
  return magic.starts_with(begin);
}

[[noreturn]] void fail_not_ours(const fs::path& file) {
  fail<DataError>("{}: was not made by attnzoo, and prepared data would replace it; choose another folder with data.cache, or move it away",
                  file.string());
}

// Whether the file says what a cache was made from; false where it is damaged, which preparing notices. Throws DataError for other JSON.
bool is_state_of_cache(const fs::path& file) {
  const std::string content = read_file(file, kMaxFileBytes, Links::kRefuse);
  nlohmann::json state;
  try {
    state = parse_json(content, file.string());
  } catch (const Error&) {
    return false;
  }
  if (!state.is_object()) fail_not_ours(file);
  for (const auto& [part, made] : state.items())
    if (part != "tokenizer" && part != "train" && part != "valid") fail_not_ours(file);
  return !state.empty();
}

nlohmann::json runs_of(const fs::path& cache) {
  try {
    auto runs = parse_json(read_file(cache / kRunsFile, kMaxRunsBytes, Links::kRefuse), (cache / kRunsFile).string());
    if (runs.is_object() && runs.contains("runs") && runs["runs"].is_array()) return runs;
  } catch (const Error&) {  // missing or damaged: no run is known
  }
  return {{"runs", nlohmann::json::array()}};
}

std::string name_of_run(const fs::path& run) {
  std::error_code error;
  return fs::weakly_canonical(run, error).string();
}

}  // namespace

void refuse_cache_of_others(const fs::path& cache) {
  std::error_code error;
  const auto exists = [&](const fs::path& file) { return fs::exists(fs::symlink_status(file, error)); };
  const fs::path state = cache / "prepared.json";
  if (exists(state) && is_state_of_cache(state)) return;
  for (const char* name : {"source.tokenizer", "target.tokenizer"})
    if (exists(cache / name) && !begins_with(cache / name, "{\"attnzoo_tokenizer\"")) fail_not_ours(cache / name);
  for (const char* name : {"train.corpus", "valid.corpus"})
    if (exists(cache / name) && !begins_with(cache / name, kCorpusMagic)) fail_not_ours(cache / name);
}

void remember_run(const fs::path& cache, const fs::path& run) {
  if (knows_run(cache, run)) return;
  auto runs = runs_of(cache);
  runs["runs"].push_back(name_of_run(run));
  write_file(cache / kRunsFile, runs.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", Links::kRefuse);
}

bool knows_run(const fs::path& cache, const fs::path& run) {
  const auto runs = runs_of(cache)["runs"];
  return std::find(runs.begin(), runs.end(), name_of_run(run)) != runs.end();
}

}  // namespace attnzoo
